"""The empty warehouse of the warehouse's tests, for the models."""

from painpoint_platform_tests.warehouse.conftest import empty_warehouse, path, warehouse

__all__ = ["empty_warehouse", "path", "warehouse"]
