from interplane.data.checks import check_table as check
from interplane.data.dataset import Dataset as dataset
from interplane.data.splits import split_at_random as split_at_random
from interplane.data.splits import split_by_entity as split_by_entity
from interplane.data.splits import split_by_time as split_by_time
from interplane.data.table import Table as Table
from interplane.errors import InterplaneError as InterplaneError
from interplane.evaluation.evaluate import evaluate as evaluate
from interplane.evaluation.evaluation import Evaluation as Evaluation
from interplane.evaluation.gates import rule as rule
from interplane.expressions.expr import cases as cases
from interplane.expressions.expr import coalesce as coalesce
from interplane.expressions.expr import concat as concat
from interplane.expressions.expr import greatest as greatest
from interplane.expressions.expr import if_else as if_else
from interplane.expressions.expr import least as least
from interplane.expressions.expr import literal as literal
from interplane.expressions.own_operations import operation as operation
from interplane.expressions.windows import last as last
from interplane.expressions.windows import lifetime as lifetime
from interplane.features.definition import Features as Features
from interplane.features.definition import features as features
from interplane.features.encodings import bucketize as bucketize
from interplane.features.encodings import clip_outliers as clip_outliers
from interplane.features.encodings import correlation as correlation
from interplane.features.encodings import covariance as covariance
from interplane.features.encodings import cross as cross
from interplane.features.encodings import cyclic as cyclic
from interplane.features.encodings import frequency_encode as frequency_encode
from interplane.features.encodings import hash_bucket as hash_bucket
from interplane.features.encodings import hashed_ngrams as hashed_ngrams
from interplane.features.encodings import impute as impute
from interplane.features.encodings import min_max as min_max
from interplane.features.encodings import one_hot as one_hot
from interplane.features.encodings import ordinal as ordinal
from interplane.features.encodings import robust_scale as robust_scale
from interplane.features.encodings import standardize as standardize
from interplane.features.encodings import target_encode as target_encode
from interplane.features.encodings import text_length as text_length
from interplane.features.encodings import vocabulary as vocabulary
from interplane.features.encodings import weighted_mean as weighted_mean
from interplane.features.encodings import word_count as word_count
from interplane.features.frozen import Frozen as Frozen
from interplane.models.feature_flavor import FeatureScore as FeatureScore
from interplane.models.learners.making import learner as learner
from interplane.models.lightgbm_flavor import lightgbm_params as lightgbm_params
from interplane.models.model import Model as Model
from interplane.pipeline.files import Files as Files
from interplane.pipeline.graph import Learned as learned
from interplane.pipeline.graph import Live as live
from interplane.pipeline.graph import Pipeline as Pipeline
from interplane.pipeline.lightgbm_metrics import lightgbm_metrics as lightgbm_metrics
from interplane.pipeline.metrics import log_metric as log_metric
from interplane.project.project import Project as Project
from interplane.record import Verdict as Verdict
from interplane.views.definition import FeatureView as FeatureView
from interplane.views.definition import feature_view as feature_view

__all__ = [
    "Evaluation",
    "FeatureScore",
    "FeatureView",
    "Features",
    "Files",
    "Frozen",
    "InterplaneError",
    "Model",
    "Pipeline",
    "Project",
    "Table",
    "Verdict",
    "bucketize",
    "cases",
    "check",
    "clip_outliers",
    "coalesce",
    "concat",
    "correlation",
    "covariance",
    "cross",
    "cyclic",
    "dataset",
    "evaluate",
    "feature_view",
    "features",
    "frequency_encode",
    "greatest",
    "hash_bucket",
    "hashed_ngrams",
    "if_else",
    "impute",
    "last",
    "learned",
    "learner",
    "least",
    "lifetime",
    "lightgbm_metrics",
    "lightgbm_params",
    "literal",
    "live",
    "log_metric",
    "min_max",
    "one_hot",
    "operation",
    "ordinal",
    "robust_scale",
    "rule",
    "split_at_random",
    "split_by_entity",
    "split_by_time",
    "standardize",
    "target_encode",
    "text_length",
    "vocabulary",
    "weighted_mean",
    "word_count",
]
