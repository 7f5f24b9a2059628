"""What the HTTP interface takes and gives, as data: the one list that routes, checks and the OpenAPI document share."""

import re
from typing import Any

from dashboard.selection import OTHER_PARAMETERS, PARAMETERS

FORMATS = ("json", "csv", "parquet")
PAGE = 10_000  # rows of one JSON answer
LONGEST_PAGE = 100_000
FILTERS = {
    "dataset": "数据集：published（公开数据，默认）、demo（演示数据，模拟），或导入时所起的名称",
    "indicator": "指标编号，见 /indicators；可重复",
    "breakdown": "分项；写成空的（breakdown=）为合计；可重复",
    "period": "期间，如 2023、2023Q2、2021-01/2021-10；可重复",
    "level": "层级：region、league、banner；可重复",
    "region": "区划代码，六位；可重复",
}
RELEASE = {"release": "版本编号；不写则为当前版本"}
FORM = {"format": f"格式：{'、'.join(FORMATS)}；不写则看请求头 Accept"}
ROUTES: dict[str, tuple[str, dict[str, str]]] = {
    "/observations": (
        "数据：每条都带来源；没有的为空，不是零",
        {
            **FILTERS,
            **RELEASE,
            **FORM,
            "limit": f"条数，最多{LONGEST_PAGE}；JSON 默认{PAGE}，CSV、Parquet 默认全部",
            "offset": "从第几条起，默认0",
        },
    ),
    "/indicators": ("指标目录", {**RELEASE, **FORM}),
    "/regions": ("地区", {**RELEASE, **FORM}),
    "/release": ("版本", RELEASE),
    "/charts/{family}.{kind}": (
        "图：参数与页面地址栏相同，图与页面所示相同",
        {
            **{name: FILTERS.get(name, "与页面地址栏相同") for name in (*PARAMETERS, *OTHER_PARAMETERS)},
            **RELEASE,
            "scale": "PNG 的倍数，1到4，默认2",
        },
    ),
    "/openapi.json": ("本接口的说明（OpenAPI 3.1）", {}),
}
REPEATED = frozenset(FILTERS)
ERRORS = {
    "400": "请求有误",
    "401": "需要登录",
    "403": "没有权限",
    "404": "没有这个地址、图或版本",
    "422": "没有可画的数据",
    "429": "请求过于频繁",
    "503": "没有可用的数据版本，或出图服务不可用，或正在为其他人生成整份数据（见响应头 Retry-After）",
}


def parameters_of(path: str) -> dict[str, str]:
    """The query parameters of a route, each with what it means."""
    return ROUTES[path][1]


def openapi(families: list[str]) -> dict[str, Any]:
    """The description of the interface (OpenAPI 3.1). `families`: the names of the charts."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "内蒙古自治区法治政府建设指标：数据接口",
            "version": "1",
            "description": "只读。参数名与页面地址栏、数据表的列名相同。每个回答的 ETag 含版本编号。",
        },
        "servers": [{"url": "."}],
        "paths": {path: {"get": _operation(path, families)} for path in ROUTES},
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {
                        "error": {
                            "type": "object",
                            "required": ["status", "message", "parameter"],
                            "properties": {
                                "status": {"type": "integer"},
                                "message": {"type": "string"},
                                "parameter": {"type": ["string", "null"]},
                            },
                        }
                    },
                }
            }
        },
    }


def _operation(path: str, families: list[str]) -> dict[str, Any]:
    summary, parameters = ROUTES[path]
    in_path = {"family": families, "kind": ["png", "svg"]}
    chart = "{" in path
    media = ["image/png", "image/svg+xml"] if chart else ["application/json"]
    if "format" in parameters:
        media += ["text/csv", "application/vnd.apache.parquet"]
    return {
        "operationId": re.sub(r"\W+", "_", path).strip("_"),
        "summary": summary,
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": in_path[name]}}
                for name in re.findall(r"\{(\w+)\}", path)
            ),
            *(_parameter(name, text, many=name in REPEATED and not chart) for name, text in parameters.items()),
        ],
        "responses": {
            "200": {"description": summary, "content": {name: {} for name in media}},
            "304": {"description": "版本没有变（If-None-Match）"},
            **{
                status: {
                    "description": text,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                }
                for status, text in ERRORS.items()
            },
        },
    }


def _parameter(name: str, text: str, many: bool) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": "string"}
    if name == "format":
        kind["enum"] = list(FORMATS)
    if name in ("limit", "offset", "scale"):
        kind = {"type": "integer", "minimum": 0}
    if many:
        kind = {"type": "array", "items": kind}
    return {"name": name, "in": "query", "description": text, "schema": kind}
