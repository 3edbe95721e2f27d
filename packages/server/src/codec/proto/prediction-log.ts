/** What TensorFlow Serving logs of requests, as far as warm-up reads it. Source: apis/prediction_log.proto. */
import { message, optional } from '@floe/graph/proto';
import {
  ClassificationRequest,
  MultiInferenceRequest,
  PredictRequest,
  RegressionRequest,
} from './tensorflow-serving.ts';

const ClassifyLog = message('tensorflow.serving.ClassifyLog', { request: optional(1, ClassificationRequest) });
const RegressLog = message('tensorflow.serving.RegressLog', { request: optional(1, RegressionRequest) });
const MultiInferenceLog = message('tensorflow.serving.MultiInferenceLog', {
  request: optional(1, MultiInferenceRequest),
});
const PredictLog = message('tensorflow.serving.PredictLog', { request: optional(1, PredictRequest) });

export const PredictionLog = message(
  'tensorflow.serving.PredictionLog',
  {
    classify_log: optional(2, ClassifyLog),
    regress_log: optional(3, RegressLog),
    multi_inference_log: optional(4, MultiInferenceLog),
    predict_log: optional(6, PredictLog),
  },
  { log_type: ['classify_log', 'regress_log', 'multi_inference_log', 'predict_log'] },
);
