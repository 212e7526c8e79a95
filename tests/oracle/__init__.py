"""The rules of money written a second time, in whole numbers and plain data, without a line of the product's own code.

`World` is what there is; each verb either changes it or raises `No`. tests/commerce/test_money_machine.py does the same
things to the product and to this, and compares every state, timer and account to the penny.
"""
