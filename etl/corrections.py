"""Corrections of figures from data/catalogue/corrections.csv, each with its reason."""

from datetime import date

import pandas as pd

from etl.catalogue import Catalogue
from etl.errors import UserError

CORRECTED = ["region_code", "indicator_id", "breakdown", "period", "source_id"]  # what a correction is about
CORRECTION_STATUSES = ("applied", "proposed", "declined")  # done; to be decided; decided against


def corrected(figures: pd.DataFrame, catalogue: Catalogue) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The corrections of corrections.csv with status `applied` as revisions, in their order.

    `figures`: all figures, or at least those that CORRECTED says corrections are about. Gives the revisions alone, and
    table `corrections`, of every status. Raises UserError that lists every correction that cannot be understood, or
    whose old value is not what the newest revision says: the source may have been mended, then the entry has to go.
    """
    made: list[dict[str, object]] = []
    faults: list[str] = []
    before = len(figures)
    keys = CORRECTED
    for line, row in zip(catalogue.corrections.index + 2, catalogue.corrections.to_dict("records"), strict=True):
        try:
            old, new = float(row["old_value"]), float(row["new_value"])
            corrected_on = date.fromisoformat(row["corrected_on"])
        except ValueError as error:
            faults.append(f"corrections.csv 第{line}行：原值、新值须为数，更正日期须写成2025-03-31（{error}）")
            continue
        if row["status"] not in CORRECTION_STATUSES or not row["reason"]:
            allowed = "、".join(CORRECTION_STATUSES)
            faults.append(f"corrections.csv 第{line}行：须写明理由；状态“{row['status']}”须为{allowed}之一")
            continue
        same = (figures[keys] == pd.Series({key: row[key] for key in keys})).all(axis=1)
        hit = figures[same].nlargest(1, "revision")
        if hit.empty or hit["value"].iloc[0] != old:
            faults.append(
                f"corrections.csv 第{line}行：没有这条数据（{row['region_code']} {row['indicator_id']} "
                f"{row['period']} 原值{row['old_value']}），请核对或删去该更正"
            )
            continue
        known = {"old_value": old, "new_value": new, "corrected_on": corrected_on, "revision": None}
        if row["status"] == "applied":
            note = "；".join(part for part in (hit["note"].iloc[0], f"更正：{row['reason']}") if part)
            corrected = hit.assign(value=new, revision=hit["revision"] + 1, note=note)
            figures = pd.concat([figures, corrected], ignore_index=True)
            known["revision"] = int(corrected["revision"].iloc[0])
        named = {key: row[key] for key in (*keys, "reason", "status")}
        made.append({"dataset": hit["dataset"].iloc[0], "unit": hit["unit"].iloc[0]} | named | known)
    if faults:
        raise UserError("更正有误，未生成新版本：\n" + "\n".join(f"  · {fault}" for fault in faults))
    return figures[before:], pd.DataFrame(made).astype({"revision": "Int64"}) if made else pd.DataFrame()
