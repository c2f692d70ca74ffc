"""How many bikes are hired in an hour? Trained on 2011 (UCI bike sharing, CC BY 4.0)."""

import lightgbm
import numpy as np

import interplane as ip

hours = ip.dataset("hours")


@ip.features(label="hired", time="began", key=["instant"])
def hour_features(hour):
    return {
        "hour": hour.hour,
        "weekday": hour.weekday,
        "working": hour.working,
        "season": hour.season,
        "sky": hour.sky,
        "temperature": hour.temperature,
        "felt": hour.felt,
        "humidity": hour.humidity,
        "wind": hour.wind,
    }


pipeline = ip.Pipeline("bikes", inputs={"hours": hours})


@pipeline.step(outputs=("train", "test"))
def split(hours: ip.Table):
    """Every fourth day is for testing: whole days, spread over the year."""
    return (
        hours.sql("FROM self WHERE dayofyear(began) % 4 <> 0"),
        hours.sql("FROM self WHERE dayofyear(began) % 4 = 0"),
    )


@pipeline.step(outputs=("frozen", "x", "y"))
def fitted(train: ip.Table):
    return hour_features.fit_transform(train)


@pipeline.step
def model(frozen: ip.Frozen, x: np.ndarray, y: np.ndarray, *, trees: int = 150) -> ip.Model:
    parameters = ip.lightgbm_params(objective="regression", num_leaves=31, verbose=-1)
    data = lightgbm.Dataset(x, y, feature_name=list(frozen.names))
    return ip.Model(lightgbm.train(parameters, data, num_boost_round=trees), features=frozen)


@pipeline.step
def evaluation(model: ip.Model, test: ip.Table) -> ip.Evaluation:
    return ip.evaluate(model, test, metrics=["mae", "rmse"])


@pipeline.gate
def good_enough(evaluation: ip.Evaluation):
    return [evaluation["mae"].at_most(60)]


pipeline.publish(
    "bikes",
    model="model",
    evaluation="evaluation",
    gate="good_enough",
    train="train",
    baseline="test",
)
