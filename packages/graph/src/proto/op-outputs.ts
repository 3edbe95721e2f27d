/**
 * What each TensorFlow op gives: the dtype of its outputs, and their names where there are several.
 * Facts of the op registry of TensorFlow 2.21.0; `conformance/proto/make_op_outputs.py` writes this file.
 *
 * A line is `outputs | ops`. An output is `name:type`, or only `type` where the op has one output argument. A type is a dtype
 * number, or the attribute that holds it (`T`, with `=number` for a default); `N*type` is a list as long as attribute `N` says,
 * `[attr]` a list of the types that `attr` holds.
 */
export const OP_OUTPUTS = `
1 | A AdjustContrast AudioSpectrogram B CropAndResize CropAndResizeGradBoxes EditDistance ExtractGlimpse ExtractGlimpseV2
1 | FakeQuantWithMinMaxArgs FakeQuantWithMinMaxArgsGradient FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel FloatOutput
1 | KmeansPlusPlusInitialization KthOrderStatistic LoadAndRemapMatrix MakeUnique Mfcc ResizeArea ResizeBicubic ResizeBilinear
1 | ScaleAndTranslate Simple SparseMatMul TensorArrayScatter TensorArrayScatterV2 TensorArrayScatterV3 TensorArraySplit
1 | TensorArraySplitV2 TensorArraySplitV3 TensorArrayUnpack TensorArrayWrite TensorArrayWriteV2 TensorArrayWriteV3
1 | TwoFloatInputsFloatOutput
10 | All Any ApproximateEqual Equal Greater GreaterEqual InTopK InTopKV2 IsBoostedTreesEnsembleInitialized
10 | IsBoostedTreesQuantileStreamResourceInitialized IsFinite IsInf IsNan IsResourceHandleRefCounting IsTensorFloat32Enabled
10 | IsVariableInitialized Less LessEqual LogicalAnd LogicalNot LogicalOr LoopCond NotEqual OptionalHasValue QueueIsClosed
10 | QueueIsClosedV2 RegexFullMatch ResourceInitializedOp StaticRegexFullMatch TensorMapHasKey ToBool VarIsInitializedOp
2 | DebugNumericSummary Timestamp
20 | AnonymousHashTable AnonymousMutableDenseHashTable AnonymousMutableHashTable AnonymousMutableHashTableOfTensors
20 | CollectiveInitializeCommunicator DummyIterationCounter DummyMemoryCache DummySeedGenerator FIFOQueueV2
20 | FixedLengthRecordReaderV2 GetSessionHandleV2 HashTableV2 IdentityReaderV2 MakeWeakResourceHandle MutableDenseHashTableV2
20 | MutableHashTableOfTensorsV2 MutableHashTableV2 MutexV2 PaddingFIFOQueueV2 PriorityQueueV2 RandomShuffleQueueV2
20 | ResourceConditionalAccumulator RpcServer StackV2 StatsAggregatorHandle StatsAggregatorHandleV2 StubResourceHandleOp
20 | SummaryWriter TFRecordReaderV2 TextLineReaderV2 ThreadPoolHandle VarHandleOp WholeFileReaderV2
21 | CompositeTensorVariantFromComponents CompressElement DenseToCSRSparseMatrix EmptyTensorList EmptyTensorMap
21 | IteratorGetNextAsOptional MergeDedupData MutexLock OptionalFromValue OptionalNone Prelinearize PrelinearizeTuple
21 | RaggedTensorToVariant SparseMatrixAdd SparseMatrixMul SparseMatrixSoftmax SparseMatrixSoftmaxGrad SparseMatrixSparseCholesky
21 | SparseMatrixSparseMatMul SparseMatrixTranspose SparseMatrixZeros SparseTensorToCSRSparseMatrix TensorListConcatLists
21 | TensorListFromTensor TensorListPushBack TensorListPushBackBatch TensorListReserve TensorListResize TensorListScatter
21 | TensorListScatterIntoExistingList TensorListScatterV2 TensorListSetItem TensorListSplit TensorMapErase TensorMapInsert
21 | WindowOp
3 | AccumulatorNumAccumulated BarrierIncompleteSize BarrierReadySize Bucketize ComputeDedupDataSize ComputeDedupDataSizeV2
3 | ComputeDedupDataTupleMask ComputeDedupDataTupleMaskV2 DeviceIndex GetTpuTaskId GraphDefVersion IntInputIntOutput IntOutput
3 | MapIncompleteSize MapSize NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionWithOverlaps
3 | OpWithDefaultAttr OrderedMapIncompleteSize OrderedMapSize QueueSize QueueSizeV2 Rank RefInputFloatInputIntOutput RefOutput
3 | RequiresOlderGraphVersion ResourceAccumulatorNumAccumulated SetSize SparseMatrixNNZ SparseMatrixOrderingAMD StageSize
3 | StatelessRandomGetAlg StringLength TensorArraySize TensorArraySizeV2 TensorArraySizeV3 TensorListLength TensorMapSize
3 | TwoFloatInputsIntOutput UnicodeScript
4 | DecodeAndCropJpeg DecodeBmp DecodeGif DecodeJpeg Fingerprint PopulationCount
7 | AsString AudioSummary AudioSummaryV2 Barrier ConditionalAccumulator DecodeBase64 DecodeCompressed DecodeJSONExample
7 | DevicePlacementOp DtypeWithDefaultOp EncodeBase64 EncodeJpeg EncodeJpegVariableQuality EncodePng EncodeProto EncodeWav
7 | FIFOQueue Fact FakeQueue FixedLengthRecordReader GetOptions GetSessionHandle HashTable HistogramSummary IdentityReader
7 | ImageSummary KernelLabel KernelLabelRequired LMDBReader MatchingFiles MergeSummary MutableDenseHashTable MutableHashTable
7 | MutableHashTableOfTensors PaddingFIFOQueue PriorityQueue RandomShuffleQueue ReadFile ReaderSerializeState
7 | ReaderSerializeStateV2 RecordInput ReduceJoin RegexReplace ScalarSummary SerializeTensor ShardedFilename ShardedFilespec
7 | SparseConditionalAccumulator Stack StaticRegexReplace StatsAggregatorSummary StringFormat StringJoin StringLower StringStrip
7 | StringUpper Substr TFRecordReader TensorArray TensorArrayGrad TensorArrayGradV2 TensorArrayV2 TensorSummary TensorSummaryV2
7 | TextLineReader TpuHandleToProtoKey UnicodeEncode UnicodeTranscode UnsortedSegmentJoin WholeFileReader WorkerHeartbeat
8 | BatchFFT BatchFFT2D BatchFFT3D BatchIFFT BatchIFFT2D BatchIFFT3D
9 | AddManySparseToTensorsMap AddSparseToTensorsMap ComputeBatchSize DebugNanCount GetDeadline GlobalIterId Int64Output IntAttr
9 | KMC2ChainInitialization LookupTableSize LookupTableSizeV2 ReaderNumRecordsProduced ReaderNumRecordsProducedV2
9 | ReaderNumWorkUnitsCompleted ReaderNumWorkUnitsCompletedV2 RngReadAndSkip StringToHashBucket StringToHashBucketFast
9 | StringToHashBucketStrong Where
DstT | Cast
N*3 | NIntsOut NIntsOutDefault
N*T | NPolymorphicOut NPolymorphicRestrictOut ReadVariableXlaSplitND
N*T=10 | NPolymorphicOutDefault
N*out_type=3 | ShapeN
N*shape_type=3 | ConcatOffset
S | CudnnRNNParamsSize
T | Abs AccumulateNV2 Acos Acosh Add AddN AddV2 AllToAll ApplyAdaMax ApplyAdadelta ApplyAdagrad ApplyAdagradDA ApplyAdagradV2
T | ApplyAdam ApplyAddSign ApplyCenteredRMSProp ApplyFtrl ApplyFtrlV2 ApplyGradientDescent ApplyMomentum ApplyPowerSign
T | ApplyProximalAdagrad ApplyProximalGradientDescent ApplyRMSProp Asin Asinh Assign AssignAdd AssignSub Atan Atan2 Atanh AvgPool
T | AvgPool3D AvgPool3DGrad AvgPoolGrad BandedTriangularSolve BatchCholesky BatchCholeskyGrad BatchMatMul BatchMatMulV2
T | BatchMatrixBandPart BatchMatrixDeterminant BatchMatrixDiag BatchMatrixDiagPart BatchMatrixInverse BatchMatrixSetDiag
T | BatchMatrixSolve BatchMatrixSolveLs BatchMatrixTriangularSolve BatchNormWithGlobalNormalization BatchSelfAdjointEig
T | BatchToSpace BatchToSpaceND BesselI0 BesselI0e BesselI1 BesselI1e BesselJ0 BesselJ1 BesselK0 BesselK0e BesselK1 BesselK1e
T | BesselY0 BesselY1 Betainc BiasAdd BiasAddGrad BiasAddV1 Binary Bincount BitwiseAnd BitwiseOr BitwiseXor BroadcastTo Ceil
T | CheckNumerics CheckNumericsV2 CheckPinned Cholesky CholeskyGrad ClipByValue CollectiveAllToAllV2 CollectiveAllToAllV3
T | CollectiveBcastRecv CollectiveBcastRecvV2 CollectiveBcastSend CollectiveBcastSendV2 CollectiveGather CollectiveGatherV2
T | CollectivePermute CollectiveReduce CollectiveReduceScatterV2 CollectiveReduceV2 CollectiveReduceV3 Concat ConcatV2
T | ConjugateTranspose Conv Conv2D Conv2DBackpropFilter Conv2DBackpropFilterV2 Conv2DBackpropInput Conv2DBackpropInputV2 Conv3D
T | Conv3DBackpropFilter Conv3DBackpropFilterV2 Conv3DBackpropInput Conv3DBackpropInputV2 Copy CopyHost CopyOp CopyToMesh
T | CopyToMeshGrad Cos Cosh CountUpTo CropAndResizeGradImage Cross CrossReplicaSum CudnnRNNCanonicalToParams
T | CudnnRNNCanonicalToParamsV2 Cumprod Cumsum CumulativeLogsumexp DTensorAllGather DTensorAllReduce DTensorAllScatter
T | DTensorAllToAll DTensorReduceScatter Dawsn DebugGradientIdentity DebugGradientRefIdentity DebugIdentity DebugIdentityV2
T | DebugIdentityV3 DeepCopy DenseBincount DepthToSpace DepthwiseConv2dNative DepthwiseConv2dNativeBackpropFilter
T | DepthwiseConv2dNativeBackpropInput DestroyTemporaryVariable Diag DiagPart Digamma Dilation2D Dilation2DBackpropFilter
T | Dilation2DBackpropInput Div DivNoNan DynamicStitch Einsum Elu EluGrad EnsureShape Enter Erf Erfc Erfinv EuclideanNorm Exit
T | Exp ExpandDims Expint Expm1 ExtractImagePatches ExtractVolumePatches Fill Floor FloorDiv FloorMod FractionalAvgPoolGrad
T | FractionalMaxPoolGrad FresnelCos FresnelSin FusedPadConv2D FusedResizeAndPadConv2D GuaranteeConst Identity Igamma IgammaGradA
T | Igammac InplaceAdd InplaceSub InplaceUpdate Inv InvGrad Invert L2Loss LeftShift Lgamma LinSpace Log Log1p LogSoftmax MatMul
T | MatrixBandPart MatrixDeterminant MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3
T | MatrixExponential MatrixInverse MatrixLogarithm MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MatrixSolve MatrixSolveLs
T | MatrixSquareRoot MatrixTriangularSolve Max MaxPool3D MaxPool3DGradGrad MaxPoolGradGrad MaxPoolGradGradV2
T | MaxPoolGradGradWithArgmax MaxPoolGradWithArgmax Maximum Mean Min Minimum MirrorPad MirrorPadGrad Mod Mul MulNoNan
T | NcclAllReduce NcclBroadcast NcclReduce Ndtri Neg NextIteration NthElement OneHot OnesLike OutT Pack Pad PadV2 ParallelConcat
T | ParallelDynamicStitch Polygamma Polymorphic PolymorphicOut Pow PreventGradient Print Prod QuantizeAndDequantize
T | QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 RaggedBincount RaggedTensorToTensor RandomCrop
T | RandomGamma RandomGammaGrad RandomShuffle RealDiv Reciprocal ReciprocalGrad RefEnter RefExit RefIdentity RefNextIteration
T | RefOut RefSelect Relayout RelayoutLike Relu Relu6 Relu6Grad ReluGrad Reshape ResizeBicubicGrad ResizeBilinearGrad
T | ResizeNearestNeighbor ResizeNearestNeighborGrad ResourceCountUpTo Restrict Reverse ReverseSequence ReverseV2 RightShift Rint
T | Roll Round Rsqrt RsqrtGrad ScaleAndTranslateGrad ScatterAdd ScatterDiv ScatterMax ScatterMin ScatterMul ScatterNd
T | ScatterNdAdd ScatterNdMax ScatterNdMin ScatterNdNonAliasingAdd ScatterNdSub ScatterNdUpdate ScatterSub ScatterUpdate
T | SegmentMax SegmentMaxV2 SegmentMean SegmentMin SegmentMinV2 SegmentProd SegmentProdV2 SegmentSum SegmentSumV2 Select SelectV2
T | SelfAdjointEig Selu SeluGrad Sigmoid SigmoidGrad Sign Sin Sinh SleepIdentityOp Slice Snapshot Softmax Softplus SoftplusGrad
T | Softsign SoftsignGrad SpaceToBatch SpaceToBatchND SpaceToDepth SparseApplyAdadelta SparseApplyAdagrad SparseApplyAdagradDA
T | SparseApplyAdagradV2 SparseApplyCenteredRMSProp SparseApplyFtrl SparseApplyFtrlV2 SparseApplyMomentum
T | SparseApplyProximalAdagrad SparseApplyProximalGradientDescent SparseApplyRMSProp SparseBincount SparseDenseCwiseAdd
T | SparseDenseCwiseDiv SparseDenseCwiseMul SparseMatrixMatMul SparseReduceMax SparseReduceSum SparseSegmentMean
T | SparseSegmentMeanGrad SparseSegmentMeanWithNumSegments SparseSegmentSqrtN SparseSegmentSqrtNGrad
T | SparseSegmentSqrtNWithNumSegments SparseSegmentSum SparseSegmentSumGrad SparseSegmentSumWithNumSegments SparseSliceGrad
T | SparseSoftmax SparseTensorDenseAdd SparseTensorDenseMatMul SparseToDense Spence Sqrt SqrtGrad Square SquaredDifference
T | Squeeze StackPush StackPushV2 StatelessShuffle StopGradient StridedSlice StridedSliceAssign StridedSliceGrad Sub Sum Tan Tanh
T | TanhGrad TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub TensorScatterUpdate TensorStridedSliceUpdate
T | TestAttr Tile TileGrad Transpose TridiagonalMatMul TridiagonalSolve TruncateDiv TruncateMod Unary Unbatch UnbatchGrad
T | UniformQuantizedAdd UniformQuantizedClipByValue UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum
T | Xdivy Xlog1py Xlogy ZerosLike Zeta
T=1 | AdjustContrastv2 AdjustHue AdjustSaturation DrawBoundingBoxes DrawBoundingBoxesV2 HSVToRGB LRN LRNGrad LeakyRelu
T=1 | LeakyReluGrad MaxPool MaxPool3DGrad MaxPoolGrad MaxPoolGradV2 MaxPoolV2 NextAfter RGBToHSV
T=3 | BroadcastArgs DataFormatDimMap DataFormatVecPermute InvertPermutation
T=7 | PolymorphicDefaultOut
T=8 | Conj
Tcomplex=8 | FFT FFT2D FFT3D FFTND IFFT IFFT2D IFFT3D IFFTND RFFT RFFT2D RFFT3D RFFTND
Tidx=3 | Range UnravelIndex
Tout | BatchMatMulV3 LookupTableFind LookupTableFindV2 RandomUniformInt StochasticCastToInt UniformDequantize UniformQuantize
Tout | UniformQuantizedConvolution UniformQuantizedConvolutionHybrid UniformQuantizedDot UniformQuantizedDotHybrid
Tout | UniformRequantize
Tout=1 | Angle ComplexAbs Imag Real
Tout=8 | Complex
Toutput | QuantizedMatMulWithBiasAndDequantize
Tparams | Gather GatherNd GatherV2
Treal=1 | IRFFT IRFFT2D IRFFT3D IRFFTND
Tvalues | RaggedTensorToVariantGradient
[OUT_TYPE] | DecodeCSV
[T] | For IdentityN ListOutput OutTypeList StatelessWhile While
[Tcomponents] | CompositeTensorVariantToComponents
[Tout] | BatchFunction Case EagerPyFunc If PartitionedCall PyFunc PyFuncStateless RemoteCall RpcGetValue StatefulPartitionedCall
[Tout] | StatelessCase StatelessIf SymbolicGradient
[Toutputs] | MlirPassthroughOp
[component_types] | QueueDequeue QueueDequeueMany QueueDequeueManyV2 QueueDequeueUpTo QueueDequeueUpToV2 QueueDequeueV2
[dtypes] | DTensorRestoreV2 InfeedDequeueTuple MapPeek MapUnstage OrderedMapPeek OrderedMapUnstage OutfeedDequeueTuple
[dtypes] | OutfeedDequeueTupleV2 RestoreV2 StagePeek Unstage
[output_types] | GetElementAtIndex IteratorGetNext IteratorGetNextSync MapDefun MultiDeviceIteratorGetNextFromShard
[output_types] | OptionalGetValue UncompressElement
[t] | OutTypeListRestrict
a:1 b:1 | RefOutputFloatOutput TwoFloatOutputs
a:1 b:1 c:1 d:1 e:1 | FiveFloatOutputs
a:1 b:7 | FloatOutputStringOutput
a:3 b:1 | IntOutputFloatOutput
a:3 b:3 | TwoIntOutputs
a:n_a*3 b:1 | MixedStruct
a:n_a*3 b:n_b*9 c:[t_c] | ComplexStruct
a_val_grad:T b_val_grad:T | SparseAddGrad
activations:out_type=12 min_activations:1 max_activations:1 | QuantizedRelu QuantizedRelu6 QuantizedReluX
audio:1 sample_rate:3 | DecodeWav
backprops_wrt_input:1 backprop_wrt_min:1 backprop_wrt_max:1 | FakeQuantWithMinMaxVarsGradient
backprops_wrt_input:1 backprop_wrt_min:1 backprop_wrt_max:1 | FakeQuantWithMinMaxVarsPerChannelGradient
batched_tensors:[T] batch_index:9 id:9 | Batch
begin:T size:T bboxes:1 | SampleDistortedBoundingBox SampleDistortedBoundingBoxV2 StatelessSampleDistortedBoundingBox
client:20 method_specs:7 | RpcClient
context_sparse_indices:Ncontext_sparse*9 context_sparse_values:[context_sparse_types] context_sparse_shapes:Ncontext_sparse*9 context_dense_values:[Tcontext_dense] context_ragged_values:[context_ragged_value_types] context_ragged_row_splits:[context_ragged_split_types] feature_list_sparse_indices:Nfeature_list_sparse*9 feature_list_sparse_values:[feature_list_sparse_types] feature_list_sparse_shapes:Nfeature_list_sparse*9 feature_list_dense_values:[feature_list_dense_types] feature_list_dense_lengths:Nfeature_list_dense*9 feature_list_ragged_values:[feature_list_ragged_value_types] feature_list_ragged_outer_splits:[feature_list_ragged_split_types] feature_list_ragged_inner_splits:[feature_list_ragged_split_types] | ParseSequenceExampleV2
context_sparse_indices:Ncontext_sparse*9 context_sparse_values:[context_sparse_types] context_sparse_shapes:Ncontext_sparse*9 context_dense_values:[Tcontext_dense] feature_list_sparse_indices:Nfeature_list_sparse*9 feature_list_sparse_values:[feature_list_sparse_types] feature_list_sparse_shapes:Nfeature_list_sparse*9 feature_list_dense_values:[feature_list_dense_types] | ParseSingleSequenceExample
context_sparse_indices:Ncontext_sparse*9 context_sparse_values:[context_sparse_types] context_sparse_shapes:Ncontext_sparse*9 context_dense_values:[Tcontext_dense] feature_list_sparse_indices:Nfeature_list_sparse*9 feature_list_sparse_values:[feature_list_sparse_types] feature_list_sparse_shapes:Nfeature_list_sparse*9 feature_list_dense_values:[feature_list_dense_types] feature_list_dense_lengths:Nfeature_list_dense*9 | ParseSequenceExample
cs_prev_grad:T dicfo:T wci_grad:T wcf_grad:T wco_grad:T | LSTMBlockCellGrad
d:1 e:3 | Foo1 Foo2 Foo3
d_values:T d_default_value:T | RaggedFillEmptyRowsGrad SparseFillEmptyRowsGrad
d_x:T d_h_prev:T d_c_bar:T d_r_bar_u_bar:T | GRUBlockCellGrad
decoded_indices:9 decoded_values:9 decoded_shape:9 log_probability:T=1 | CTCGreedyDecoder
decoded_indices:top_paths*9 decoded_values:top_paths*9 decoded_shape:top_paths*9 log_probability:T=1 | CTCBeamSearchDecoder
dt | Restore RestoreSlice
dtype | AccumulatorTakeGradient Const Empty FakeParam GetSessionTensor HostConst ImageProjectiveTransformV2
dtype | ImageProjectiveTransformV3 ImmutableConst InfeedDequeue OutfeedDequeue OutfeedDequeueV2 ParameterizedTruncatedNormal
dtype | Placeholder PlaceholderV2 PlaceholderWithDefault RandomIndexShuffle RandomPoisson RandomStandardNormal RandomUniform
dtype | ReadVariableOp ResourceAccumulatorTakeGradient ResourceGather ResourceGatherNd StatelessParameterizedTruncatedNormal
dtype | StatelessRandomGammaV2 StatelessRandomGammaV3 StatelessRandomPoisson StatelessRandomUniformInt
dtype | StatelessRandomUniformIntV2 TemporaryVariable TensorArrayGather TensorArrayGatherV2 TensorArrayGatherV3 TensorArrayPack
dtype | TensorArrayRead TensorArrayReadV2 TensorArrayReadV3 TruncatedNormal Variable VariableV2
dtype=1 | Dequantize SobolSample StatefulStandardNormal StatefulStandardNormalV2 StatefulTruncatedNormal StatefulUniform
dtype=1 | StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomUniformV2 StatelessTruncatedNormal
dtype=1 | StatelessTruncatedNormalV2
dtype=23 | StatefulUniformFullInt StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2
dtype=3 | HistogramFixedWidth
dtype=4 | DecodeImage DecodeJxl DecodePng DecodeWebP
dtype=9 | NonDeterministicInts RandomPoissonV2 StatefulRandomBinomial StatefulUniformInt StatelessRandomBinomial
dx:T dm:T dv:T db:T dg:T | BatchNormWithGlobalNormalizationGrad
e:T v:T | BatchSelfAdjointEigV2 SelfAdjointEigV2
e:Tout v:Tout | Eig
elem_type | StackPop StackPopV2
element_dtype | TensorListGather TensorListGetItem TensorListStack
error_code:9 error:7 | RpcCheckStatus
future:20 deleter:21 | RpcCall
grad_handle:20 flow_out:1 | TensorArrayGradV3 TensorArrayGradWithShape
group_size:3 group_key:3 | CollectiveAssignGroupV2
handle:20 deleter:21 | AnonymousMemoryCache AnonymousRandomSeedGenerator AnonymousSeedGenerator
handle:20 flow:1 | TensorArrayV3
i:T cs:T f:T o:T ci:T co:T h:T | BlockLSTM BlockLSTMV2 LSTMBlockCell
indices:3 ids:9 weights:1 | ComputeAccidentalHits
indices:9 keys:7 values:[component_types] | BarrierTakeMany
indices:9 values:7 shape:9 | StringSplit StringSplitV2
indices:9 values:dtype shape:9 | SparseAccumulatorTakeGradient
indices:9 values:type dense_shape:9 | CSRSparseMatrixToSparseTensor
input_backprop:T input_h_backprop:T input_c_backprop:T params_backprop:T | CudnnRNNBackprop CudnnRNNBackpropV2 CudnnRNNBackpropV3
input_backprop:T input_min_backprop:T input_max_backprop:T | QuantizeAndDequantizeV4Grad
integer_tensor:integer_type float_tensor:float_type | SplitDedupData
key:23 counter:23 | StatelessRandomGetKeyCounter
key:23 counter:23 alg:3 | StatelessRandomGetKeyCounterAlg
key:7 value:7 | ReaderRead ReaderReadV2
key:9 values:[dtypes] | MapUnstageNoKey OrderedMapUnstageNoKey
key_dtype | TensorMapStackKeys
keys:7 values:7 | ReaderReadUpTo ReaderReadUpToV2
keys:Tkeys values:Tvalues | LookupTableExport LookupTableExportV2
loss:1 gradient:1 | CTCLossV2
loss:T backprop:T | SoftmaxCrossEntropyWithLogits SparseSoftmaxCrossEntropyWithLogits
loss:T=1 gradient:T=1 | CTCLoss
lu:T p:output_idx_type=3 | Lu
max_ids_per_sparse_core:3 max_unique_ids_per_sparse_core:3 | GetStatsFromListOfSparseCoreCooTensors
n_a*3 | SimpleStruct
nearest_center_indices:9 nearest_center_distances:1 | NearestNeighbors
ngrams:7 ngrams_splits:Tsplits=9 | StringNGrams
nmsed_boxes:1 nmsed_scores:1 nmsed_classes:1 valid_detections:3 | CombinedNonMaxSuppression
num*T | Unpack
num_partitions*T | DynamicPartition
num_split*T | Split SplitV
out:T idx:out_idx=3 | ListDiff
out:Toutput=12 min_out:1 max_out:1 | QuantizedMatMulWithBiasAndReluAndRequantize QuantizedMatMulWithBiasAndRequantize
out:Toutput=13 min_out:1 max_out:1 | QuantizedMatMul QuantizedMatMulWithBias QuantizedMatMulWithBiasAndRelu
out_type | DecodePaddedRaw DecodeRaw ParseTensor
out_type=1 | StringToNumber
out_type=17 | AudioMicrofrontend
out_type=3 | LowerBound Shape Size UpperBound VariableShape
out_type=7 | SerializeManySparse SerializeSparse
output1:1 output2:7 | Namespace>TestStringOutput TestStringOutput
output:1 min:1 max:1 histogram:9 | CustomAggregator
output:T argmax:Targmax=9 | MaxPoolWithArgmax
output:T min_output:1 max_output:1 | QuantizedAvgPool QuantizedMaxPool
output:T output_h:T output_c:T reserve_space:T | CudnnRNN
output:T output_h:T output_c:T reserve_space:T host_reserved:6 | CudnnRNNV2 CudnnRNNV3
output:T output_min:1 output_max:1 | QuantizeV2 QuantizedConcat QuantizedConcatV2 QuantizedReshape
output:T row_pooling_sequence:9 col_pooling_sequence:9 | FractionalAvgPool FractionalMaxPool
output:T sorted_unique_indices:Tidx=3 | SparseSegmentMeanGradV2 SparseSegmentSqrtNGradV2 SparseSegmentSumGradV2
output:T value_index:3 | Merge RefMerge
output:out_type min_out:1 max_out:1 | QuantizedBiasAdd
output:out_type output_min:1 output_max:1 | QuantizeDownAndShrinkRange Requantize
output:out_type=11 min_output:1 max_output:1 | QuantizedConv2DAndRequantize QuantizedConv2DWithBiasAndRequantize
output:out_type=12 min_output:1 max_output:1 | QuantizedConv2DAndReluAndRequantize QuantizedConv2DWithBiasAndReluAndRequantize
output:out_type=12 min_output:1 max_output:1 | QuantizedConv2DWithBiasSignedSumAndReluAndRequantize
output:out_type=12 min_output:1 max_output:1 | QuantizedConv2DWithBiasSumAndReluAndRequantize
output:out_type=12 min_output:1 max_output:1 | QuantizedDepthwiseConv2DWithBiasAndReluAndRequantize
output:out_type=12 output_min:1 output_max:1 | RequantizePerChannel
output:out_type=13 min_output:1 max_output:1 | QuantizedConv2D QuantizedConv2DAndRelu QuantizedConv2DPerChannel
output:out_type=13 min_output:1 max_output:1 | QuantizedConv2DWithBias QuantizedConv2DWithBiasAndRelu
output:out_type=13 min_output:1 max_output:1 | QuantizedConv2DWithBiasSumAndRelu QuantizedDepthwiseConv2D
output:out_type=13 min_output:1 max_output:1 | QuantizedDepthwiseConv2DWithBias QuantizedDepthwiseConv2DWithBiasAndRelu
output:output_dtype=1 segments:3 | IsotonicRegression
output_dtype=1 | DebugNumericSummaryV2
output_dtype=9 | Multinomial StatelessMultinomial
output_false:T output_true:T | RefSwitch Switch
output_handle:21 tensor:element_dtype | TensorListPopBack
output_indices:9 output_shape:9 | SparseReshape
output_indices:9 output_values:7 output_shape:9 | SparseCrossV2
output_indices:9 output_values:9 output_shape:9 | SparseCrossHashed
output_indices:9 output_values:T | SparseReorder SparseSparseMaximum SparseSparseMinimum
output_indices:9 output_values:T empty_row_indicator:10 reverse_index_map:9 | SparseFillEmptyRows
output_indices:9 output_values:T output_shape:9 | SparseConcat SparseReduceMaxSparse SparseReduceSumSparse SparseSlice
output_indices:9 output_values:out_type output_shape:9 | SparseCross
output_indices:9 output_values:output_type output_dense_shape:9 | DenseCountSparseOutput RaggedCountSparseOutput
output_indices:9 output_values:output_type output_dense_shape:9 | SparseCountSparseOutput
output_indices:num_split*9 output_values:num_split*T output_shape:num_split*9 | SparseSplit
output_min:1 output_max:1 | RequantizationRange RequantizationRangePerChannel
output_nested_splits:OUTPUT_RAGGED_RANK*Tsplits=9 output_dense_values:Tvalues | RaggedGather
output_nested_splits:output_ragged_rank*Tsplits=9 output_dense_values:Tvalues | RaggedTensorFromVariant
output_type=3 | ExtractJpegShape
output_type=9 | ArgMax ArgMin
output_value_rowids:9 output_values:T empty_row_indicator:10 reverse_index_map:9 | RaggedFillEmptyRows
output_values:out_values_type output_row_splits:out_row_splits_type | RaggedCross
q:T r:T | Qr
r0:T=3 r1:T=3 | BroadcastGradientArgs
r:T u:T c:T h:T | GRUBlockCell
remapping:9 num_present:3 | GenerateVocabRemapping
resized_images:T out_min:1 out_max:1 | QuantizedResizeBilinear
result:out_type result_min:1 result_max:1 | QuantizedBatchNormWithGlobalNormalization
result_indices:9 result_values:T result_shape:9 | DenseToDenseSetOperation DenseToSparseSetOperation SparseToSparseSetOperation
rois:1 roi_probabilities:1 | GenerateBoundingBoxProposals
row_ids:3 col_ids:3 gains:1 | ConvertToCooTensor
row_ids_list:num_sc_per_chip*3 col_ids_list:num_sc_per_chip*3 gains_list:num_sc_per_chip*1 | ConvertToListOfSparseCoreCooTensors
row_pointers:3 sorted_sample_ids:3 sorted_token_ids:3 sorted_gains:1 row_pointers_unpadded_size:3 ids_unpadded_size:3 num_minibatches_per_physical_sparse_core:3 | GetMinibatchesInCsrWithPhysicalReplica
row_pointers:3 sorted_sample_ids:3 sorted_token_ids:3 sorted_gains:1 row_pointers_unpadded_size:3 ids_unpadded_size:3 num_minibatches_per_sc:3 | ConvertToSparseCoreCsrWrappedCooTensor
row_ptrs:3 col_inds:3 values:type | CSRSparseMatrixComponents
row_splits:Tsplits=9 char_values:3 | UnicodeDecode
row_splits:Tsplits=9 char_values:3 char_to_byte_starts:9 | UnicodeDecodeWithOffsets
rt_nested_splits:Tsplits=9 rt_dense_values:T=3 | RaggedRange
s:T u:T v:T | BatchSvd Svd
sampled_candidates:9 true_expected_count:1 sampled_expected_count:1 | AllCandidateSampler FixedUnigramCandidateSampler
sampled_candidates:9 true_expected_count:1 sampled_expected_count:1 | LearnedUnigramCandidateSampler LogUniformCandidateSampler
sampled_candidates:9 true_expected_count:1 sampled_expected_count:1 | ThreadUnsafeUnigramCandidateSampler UniformCandidateSampler
selected_indices:3 selected_scores:T=1 valid_outputs:3 | NonMaxSuppressionV5
selected_indices:3 valid_outputs:3 | NonMaxSuppressionV4
shape_type | TensorListElementShape
sign:T log_abs_determinant:T | LogMatrixDeterminant
sizes:3 values:[output_types] | DecodeProtoV2
sorted_row_ids:3 sorted_col_ids:3 sorted_gains:1 id_counts:3 | SortListOfSparseCoreCooTensors
sorted_row_ids:3 sorted_col_ids:3 sorted_gains:1 splits:9 id_counts:3 max_ids:3 max_uniques:3 | GetMinibatchSplitsWithPhysicalReplica
sparse_indices:9 sparse_values:T sparse_dense_shape:9 | RaggedTensorToSparse
sparse_indices:9 sparse_values:dtype sparse_shape:9 | DeserializeManySparse DeserializeSparse TakeManySparseFromTensorsMap
sparse_indices:Nsparse*9 sparse_values:[sparse_types] sparse_shapes:Nsparse*9 dense_values:[Tdense] | ParseExample
sparse_indices:num_sparse*9 sparse_values:[sparse_types] sparse_shapes:num_sparse*9 dense_values:[Tdense] | ParseSingleExample
sparse_indices:num_sparse*9 sparse_values:[sparse_types] sparse_shapes:num_sparse*9 dense_values:[Tdense] ragged_values:[ragged_value_types] ragged_row_splits:[ragged_split_types] | ParseExampleV2
sum_indices:9 sum_values:T sum_shape:9 | SparseAdd
tensor:element_dtype lengths:9 | TensorListConcat TensorListConcatV2
tensor_type | Recv
topk:1 topk_indices:3 | TopKUnique TopKWithUnique
type | Bitcast CSRSparseMatrixToDense
value:dtype lengths:9 | TensorArrayConcat TensorArrayConcatV2 TensorArrayConcatV3
value_dtype | TensorMapLookup
values:T indices:3 | ApproxTopK TopK
values:T indices:index_type=3 | TopKV2
vocab_word:7 vocab_freq:3 words_per_epoch:9 current_epoch:3 total_words_processed:9 examples:3 labels:3 | Skipgram
weights:num_params*T biases:num_params*T | CudnnRNNParamsToCanonical
weights:num_params_weights*T biases:num_params_biases*T | CudnnRNNParamsToCanonicalV2
x_backprop:T scale_backprop:T offset_backprop:T reserve_space_3:T reserve_space_4:T | FusedBatchNormGrad
x_backprop:T scale_backprop:U offset_backprop:U reserve_space_3:U reserve_space_4:U | FusedBatchNormGradV2
x_backprop:T scale_backprop:U offset_backprop:U reserve_space_4:U reserve_space_5:U | FusedBatchNormGradV3
x_grad:T cs_prev_grad:T h_prev_grad:T w_grad:T wci_grad:T wcf_grad:T wco_grad:T b_grad:T | BlockLSTMGrad BlockLSTMGradV2
y:T batch_mean:T batch_variance:T reserve_space_1:T reserve_space_2:T | FusedBatchNorm
y:T batch_mean:U batch_variance:U reserve_space_1:U reserve_space_2:U | FusedBatchNormV2
y:T batch_mean:U batch_variance:U reserve_space_1:U reserve_space_2:U reserve_space_3:U | FusedBatchNormV3
y:T idx:out_idx=3 | Unique UniqueV2
y:T idx:out_idx=3 count:out_idx=3 | UniqueWithCounts UniqueWithCountsV2
y:T y_min:1 y_max:1 | QuantizedInstanceNorm
z:Toutput=13 min_z:1 max_z:1 | QuantizedAdd QuantizedMul
`;
