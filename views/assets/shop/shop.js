// Only comfort: every page reads and buys without this file.
const root = document.documentElement;
root.classList.add('js');

function openMenus() {
  return document.querySelectorAll('details[open].menu');
}

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});

document.addEventListener('click', (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

// A form that came back with errors puts the reader at the list of what to mend.
document.querySelector('.summary-box[tabindex]')?.focus();

// Filters act at once; the button stays for those without JavaScript.
document.addEventListener('change', (event) => {
  const form = event.target.closest('form[data-auto]');
  if (form && event.target.matches('select, input[type=checkbox], input[type=radio]')) form.requestSubmit();
});

// While results are on their way the old ones say so.
document.addEventListener('submit', (event) => {
  if ('results' in event.target.dataset) document.getElementById('results')?.setAttribute('aria-busy', 'true');
});

// A second press of a busy button does nothing here; the idempotency key in the form is what makes it safe.
document.addEventListener('submit', (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  else if (event.target.method === 'post') event.target.dataset.sent = 'yes';
});
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  document.getElementById('results')?.removeAttribute('aria-busy');
});

// A page that waits for news asks again quietly, and moves on when the answer is another page.
const waiting = document.querySelector('[data-poll]');
async function look() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    if (answer.redirected) return location.replace(answer.url);
    if (answer.ok && !(await answer.text()).includes('data-poll')) return location.reload();
  } catch {
    // no network for a moment: the next look may work
  }
  return setTimeout(look, Number(waiting.dataset.poll));
}
if (waiting) setTimeout(look, Number(waiting.dataset.poll));
