"""The three mainland exchanges: institutions that publish their IPO review projects as paged lists."""

from simulator.exchanges.bse import Beijing
from simulator.exchanges.sse import Shanghai
from simulator.exchanges.szse import Shenzhen

__all__ = ["Beijing", "Shanghai", "Shenzhen"]
