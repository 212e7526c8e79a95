"""The chains: how far they reach, what waits, and the newest blocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.services.platform import seal
from app.session import session
from models.platform.seal import SealBlock, Unsealed
from views.base import Guarded

NEWEST = 12


@dataclass(frozen=True)
class Chain:
    """One chain as the page shows it."""

    name: str
    head: seal.Head | None
    waiting: int
    since: datetime | None
    blocks: list[SealBlock]


class SealView(Guarded, BaseView):
    """Verification itself takes long on a large chain: `flask ledger verify` and `flask audit verify` do that."""

    resource, label, group, icon = "Seal", "Seals", "Books", "rubber-stamp"
    class_permission_name = "Seal"
    route_base = "/seals"
    default_view = "chains"

    @expose("/")
    @has_access
    @permission_name("read")
    def chains(self) -> ResponseReturnValue:
        rows = session()
        waiting = sa.select(Unsealed.chain, sa.func.count(), sa.func.min(Unsealed.at)).group_by(Unsealed.chain)
        queue = {chain: (count, since) for chain, count, since in rows.execute(waiting)}
        found = []
        for name in seal.chains(rows):
            newest = sa.select(SealBlock).where(SealBlock.chain == name).order_by(SealBlock.height.desc()).limit(NEWEST)
            count, since = queue.get(name, (0, None))
            found.append(Chain(name, seal.head(rows, name), count, since, list(rows.scalars(newest))))
        return str(self.render_template("console/seals.html", title=self.label, view=self, chains=found))
