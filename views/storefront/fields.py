"""Fields that take what people type: pounds with a sign or a comma, whole numbers, and errors that say what to do."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from wtforms import Field, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

PENCE = 100
_LARGEST = Decimal(10) ** 12


class Ticks(SelectMultipleField):
    """Several of a list, as check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class Pounds(Field):
    """`data` is a sum in minor units; `1,240.00` and `£240` are taken, parts of a penny are not."""

    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{Decimal(self.data) / PENCE:.2f}"

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Raises ValueError with an example."""
        typed = str(valuelist[0]).replace(",", "").replace("£", "").strip() if valuelist else ""
        self.data = None
        if not typed:
            return
        try:
            amount = Decimal(typed)
        except InvalidOperation:
            raise ValueError("Enter a price in pounds, like 240.00") from None
        if not amount.is_finite() or abs(amount) > _LARGEST or amount * PENCE != (amount * PENCE).to_integral_value():
            raise ValueError("Enter a price in pounds and pence, like 240.00")
        self.data = int(amount * PENCE)


class Whole(Field):
    """A whole number."""

    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Raises ValueError with an example."""
        typed = str(valuelist[0]).strip() if valuelist else ""
        self.data = None
        if not typed:
            return
        if not typed.isascii() or not typed.isdigit() or len(typed) > 6:  # noqa: PLR2004  more digits are a slip
            raise ValueError("Enter a whole number, like 2")
        self.data = int(typed)
