"""Who tips more than a fifth of the fare? Trained on 2013 (City of Chicago's open data)."""

import lightgbm
import numpy as np

import interplane as ip

trips = ip.dataset("trips")


@ip.features(label="big_tip", time="began", key=["trip"])
def trip_features(trip):
    return {
        "miles": trip.miles,
        "seconds": trip.seconds,
        "fare": trip.fare,
        "payment": ip.one_hot(trip.payment),
        "company": ip.one_hot(trip.company, top=20),
        "start_hour": trip.start_hour,
    }


pipeline = ip.Pipeline("taxi", inputs={"trips": trips})


@pipeline.step(outputs=("train", "test"))
def split(trips: ip.Table):
    """Two in five trips are for testing, whatever their day."""
    return (
        trips.sql("FROM self WHERE trip % 5 > 1"),
        trips.sql("FROM self WHERE trip % 5 <= 1"),
    )


@pipeline.step(outputs=("frozen", "x", "y"))
def fitted(train: ip.Table):
    return trip_features.fit_transform(train)


@pipeline.step
def model(frozen: ip.Frozen, x: np.ndarray, y: np.ndarray, *, trees: int = 60) -> ip.Model:
    parameters = ip.lightgbm_params(objective="binary", num_leaves=15, verbose=-1)
    data = lightgbm.Dataset(x, y, feature_name=list(frozen.names))
    return ip.Model(lightgbm.train(parameters, data, num_boost_round=trees), features=frozen)


@pipeline.step
def evaluation(model: ip.Model, test: ip.Table) -> ip.Evaluation:
    return ip.evaluate(model, test, metrics=["roc_auc"], slices=["payment"])


@pipeline.gate
def good_enough(evaluation: ip.Evaluation):
    return [evaluation["roc_auc"].at_least(0.7)]


pipeline.publish(
    "big-tips",
    model="model",
    evaluation="evaluation",
    gate="good_enough",
    train="train",
    baseline="test",
)
