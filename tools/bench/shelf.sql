-- Twenty thousand live listings of two hundred sellers, copied from the seeded ones with words and prices of their own.
-- Run by a superuser with every trigger off, in a database that is thrown away.
SET session_replication_role = replica;

CREATE TEMP TABLE word AS
SELECT array['Careful', 'Quick', 'Certified', 'Evening', 'Weekend', 'Landlord', 'Period property', 'Insured', 'Same week',
             'Tidy', 'Experienced', 'Local', 'Two person', 'Family run', 'Quiet', 'Wallpaper', 'Boiler', 'Guttering',
             'Plaster', 'Underfloor', 'Timber', 'Sash window', 'Limewash', 'Thermostat', 'Consumer unit'] AS words;

CREATE TEMP TABLE seller_copy AS
SELECT n, s.id AS old_seller, s.organisation_id AS old_id,
       ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS new_id
  FROM generate_series(1, 200) AS n
 CROSS JOIN LATERAL (SELECT s.*, row_number() OVER (ORDER BY s.id) AS place, count(*) OVER () AS many
                       FROM seller s WHERE state = 'active') AS s
 WHERE s.place = 1 + n % s.many;

INSERT INTO organisation
SELECT (jsonb_populate_record(NULL::organisation, to_jsonb(o) || jsonb_build_object(
          'id', c.new_id, 'slug', 'bench-' || c.n, 'name', o.name || ' ' || c.n))).*
  FROM seller_copy c JOIN organisation o ON o.id = c.old_id;
INSERT INTO seller
SELECT (jsonb_populate_record(NULL::seller, to_jsonb(s) || jsonb_build_object(
          'id', c.new_id, 'organisation_id', c.new_id))).*
  FROM seller_copy c JOIN seller s ON s.id = c.old_seller;

CREATE TEMP TABLE listing_copy AS
SELECT n, l.id AS old_id, ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid AS new_id
  FROM generate_series(1, :listings) AS n
 CROSS JOIN LATERAL (SELECT l.id, row_number() OVER (ORDER BY l.id) AS place, count(*) OVER () AS many
                       FROM listing l WHERE state = 'live') AS l
 WHERE l.place = 1 + n % l.many;

INSERT INTO listing (id, organisation_id, kind, title, slug, description, price_minor, currency, cancellation_policy,
                     search_words, published_at, content_changed_at, created_at, state, state_entered_at, version)
SELECT c.new_id, ('00000000-0000-7000-8000-' || lpad(to_hex(1 + c.n % 200), 12, '0'))::uuid, l.kind,
       left(w.words[1 + c.n % 25] || ': ' || l.title, 120), 'bench-' || c.n, l.description,
       l.price_minor + (c.n * 37) % 20000, l.currency, l.cancellation_policy, l.search_words,
       now() - c.n * interval '1 minute', now(), now(), 'live', now(), 1
  FROM listing_copy c JOIN listing l ON l.id = c.old_id CROSS JOIN word w;
INSERT INTO listing_node
SELECT (jsonb_populate_record(NULL::listing_node, to_jsonb(t) || jsonb_build_object('listing_id', c.new_id))).*
  FROM listing_copy c JOIN listing_node t ON t.listing_id = c.old_id;
INSERT INTO service_detail
SELECT (jsonb_populate_record(NULL::service_detail, to_jsonb(t) || jsonb_build_object('listing_id', c.new_id))).*
  FROM listing_copy c JOIN service_detail t ON t.listing_id = c.old_id;
INSERT INTO listing_area
SELECT (jsonb_populate_record(NULL::listing_area, to_jsonb(t) || jsonb_build_object('listing_id', c.new_id))).*
  FROM listing_copy c JOIN listing_area t ON t.listing_id = c.old_id;
INSERT INTO visit_hours
SELECT (jsonb_populate_record(NULL::visit_hours, to_jsonb(t) || jsonb_build_object('listing_id', c.new_id))).*
  FROM listing_copy c JOIN visit_hours t ON t.listing_id = c.old_id;
INSERT INTO listing_facet
SELECT (jsonb_populate_record(NULL::listing_facet, to_jsonb(t) || jsonb_build_object('listing_id', c.new_id))).*
  FROM listing_copy c JOIN listing_facet t ON t.listing_id = c.old_id;
SELECT search_lexeme_rebuild();
