"""The 124 postcode areas (the letters a postcode starts with): where a provider says it works.

Kept by hand from the public list of Royal Mail's areas. An area that crosses a border is filed under the nation of its
post town; Jersey, Guernsey and the Isle of Man use the same codes, and property there cannot be served yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from models.errors import Invalid

_NATIONS = {
    "GB-ENG": (
        "AL St Albans;B Birmingham;BA Bath;BB Blackburn;BD Bradford;BH Bournemouth;BL Bolton;BN Brighton;BR Bromley;"
        "BS Bristol;CA Carlisle;CB Cambridge;CH Chester;CM Chelmsford;CO Colchester;CR Croydon;CT Canterbury;"
        "CV Coventry;CW Crewe;DA Dartford;DE Derby;DH Durham;DL Darlington;DN Doncaster;DT Dorchester;DY Dudley;"
        "E London E;EC London EC;EN Enfield;EX Exeter;FY Blackpool;GL Gloucester;GU Guildford;HA Harrow;"
        "HD Huddersfield;HG Harrogate;HP Hemel Hempstead;HR Hereford;HU Hull;HX Halifax;IG Ilford;IP Ipswich;"
        "KT Kingston upon Thames;L Liverpool;LA Lancaster;LE Leicester;LN Lincoln;LS Leeds;LU Luton;M Manchester;"
        "ME Rochester;MK Milton Keynes;N London N;NE Newcastle upon Tyne;NG Nottingham;NN Northampton;NR Norwich;"
        "NW London NW;OL Oldham;OX Oxford;PE Peterborough;PL Plymouth;PO Portsmouth;PR Preston;RG Reading;RH Redhill;"
        "RM Romford;S Sheffield;SE London SE;SG Stevenage;SK Stockport;SL Slough;SM Sutton;SN Swindon;SO Southampton;"
        "SP Salisbury;SR Sunderland;SS Southend-on-Sea;ST Stoke-on-Trent;SW London SW;SY Shrewsbury;TA Taunton;"
        "TF Telford;TN Tonbridge;TQ Torquay;TR Truro;TS Cleveland;TW Twickenham;UB Southall;W London W;WA Warrington;"
        "WC London WC;WD Watford;WF Wakefield;WN Wigan;WR Worcester;WS Walsall;WV Wolverhampton;YO York"
    ),
    "GB-SCT": (
        "AB Aberdeen;DD Dundee;DG Dumfries;EH Edinburgh;FK Falkirk;G Glasgow;HS Outer Hebrides;IV Inverness;"
        "KA Kilmarnock;KW Kirkwall;KY Kirkcaldy;ML Motherwell;PA Paisley;PH Perth;TD Galashiels;ZE Lerwick"
    ),
    "GB-WLS": "CF Cardiff;LD Llandrindod Wells;LL Llandudno;NP Newport;SA Swansea",
    "GB-NIR": "BT Belfast",
    "GG": "GY Guernsey",
    "IM": "IM Isle of Man",
    "JE": "JE Jersey",
}
_SHAPE = re.compile(r"([A-Z]{1,2})[0-9][0-9A-Z]?[0-9][A-Z]{2}")


@dataclass(frozen=True, slots=True)
class PostcodeArea:
    """`region` is an ISO 3166 code: a nation of the United Kingdom, or a Crown dependency."""

    code: str
    name: str
    region: str

    @property
    def served(self) -> bool:
        """Whether listings may cover it: property in Great Britain and Northern Ireland, for now."""
        return self.region.startswith("GB-")


AREAS: dict[str, PostcodeArea] = dict(
    sorted(
        (code, PostcodeArea(code, name, region))
        for region, listed in _NATIONS.items()
        for code, name in (entry.split(" ", 1) for entry in listed.split(";"))
    )
)


def area_of(postcode: str) -> PostcodeArea:
    """The area of a full postcode, however it is spaced or cased. Raises Invalid when it is no such thing."""
    found = _SHAPE.fullmatch("".join(postcode.split()).upper())
    if found is None or found[1] not in AREAS:
        raise Invalid("This is not a UK postcode.", {"postcode": "Type a full UK postcode, for example BS3 1JA."})
    return AREAS[found[1]]
