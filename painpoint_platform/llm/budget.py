"""The most that a run may spend on models.

Belongs here: setting money aside before a call and booking what it cost afterwards. The sums lie in the state file, so
that the limit holds over all steps and processes of a run, and over a crash.
Does not belong here: what a call costs (``litellm_model``).
"""

import asyncio

from painpoint_platform.llm.state import StateFile


class Budget:
    """Spending of one run against its limit. Methods are called on the background loop.

    A call whose price is unknown cannot be bounded: it is allowed and counts nothing, because refusing it would make a
    limit unusable beside a model of one's own. The ledger shows such calls with a null cost.

    Args:
        state: where sums are kept.
        run_id: whose spending counts.
        limit_usd: US dollars; None = no limit.
    """

    def __init__(self, state: StateFile, run_id: str, limit_usd: float | None) -> None:
        self._state = state
        self._run_id = run_id
        self._limit_usd = limit_usd
        self._under_way = 0
        self._settled = asyncio.Condition()

    @property
    def is_limited(self) -> bool:
        """False when there is nothing to guard, so that no worst case need be worked out."""
        return self._limit_usd is not None

    async def reserve(self, call_id: str, worst_case_usd: float | None) -> bool:
        """Set the worst case aside, or return False when the call could exceed the limit.

        Where only what calls under way have set aside stands against it, this waits for them to settle: most calls cost
        far less than their worst case.
        """
        if self._limit_usd is None or not worst_case_usd:
            return True
        async with self._settled:
            while not self._set_aside(call_id, worst_case_usd):
                if not self._under_way:
                    return False
                await self._settled.wait()
            self._under_way += 1
            return True

    def book(self, call_id: str, cost_usd: float | None) -> None:
        """Replace what was set aside by the actual cost; None leaves the worst case standing. Joins a transaction."""
        if self._limit_usd is None or cost_usd is None:
            return
        with self._state.write() as connection:
            connection.execute("update spending set usd = ? where call_id = ?", (cost_usd, call_id))

    async def settle(self, worst_case_usd: float | None) -> None:
        """Say that a reserved call has ended, after its cost was booked."""
        if self._limit_usd is None or not worst_case_usd:
            return
        async with self._settled:
            self._under_way -= 1
            self._settled.notify_all()

    def _set_aside(self, call_id: str, usd: float) -> bool:
        with self._state.write() as connection:
            spent = connection.execute(
                "select coalesce(sum(usd), 0) from spending where run_id = ?", (self._run_id,)
            ).fetchone()[0]
            if spent + usd > (self._limit_usd or 0.0):
                return False
            connection.execute(
                "insert into spending (call_id, run_id, usd) values (?, ?, ?)", (call_id, self._run_id, usd)
            )
            return True
