/**
 * What TensorFlow asks of a node: the dtypes of its inputs, and the kinds and values of its attributes, for the ops that are compiled.
 * Facts of the op registry of TensorFlow 2.21.0; `conformance/proto/make_op_rules.py` writes this file.
 *
 * A line is `inputs | ops`, with types as in `op-outputs.ts`.
 */
export const OP_INPUTS = `
1 | AudioSpectrogram FakeQuantWithMinMaxArgs
1 1 1 | FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel
1 1 3 | NonMaxSuppression
1 1 3 3 1 1 | CombinedNonMaxSuppression
1 3 | Mfcc
1 T=3 | InTopK
1 T=3 T=3 | InTopKV2
10 | LogicalNot
10 10 | LogicalAnd LogicalOr
10 T T | Select SelectV2
10 Tidx=3 | All Any
21 | TensorListConcat TensorListElementShape TensorListLength
21 3 | TensorListPopBack TensorListResize TensorListStack
21 3 3 | TensorListGather
21 3 Tshape=3 | TensorListGetItem
21 3 element_dtype | TensorListSetItem
21 element_dtype | TensorListPushBack
21 element_dtype 3 | TensorListScatterIntoExistingList
21 shape_type 9 | TensorListConcatV2
3 3 T | Bincount
3 N*T | Concat
3 T | Split
3 T T | Conv2DBackpropInput
3 [Tin] | Case StatelessCase
9 9 9 | SparseReshape
9 T 9 | SparseReorder
9 T 9 3 | SparseReduceSum
9 T 9 T | SparseFillEmptyRows
9 T T T T T T T T | BlockLSTM BlockLSTMV2
9 Tidx Tidx T | RaggedBincount
N*3 N*T | DynamicStitch ParallelDynamicStitch
N*T | AddN Einsum Pack ShapeN
N*T Tidx=3 | ConcatV2
SrcT | Cast
T | Abs Acos Acosh Asin Asinh Atan Atanh AvgPool AvgPool3D BesselI0 BesselI0e BesselI1 BesselI1e Bitcast Bucketize Ceil
T | CheckNumerics Cholesky Cos Cosh DebugGradientIdentity DepthToSpace Diag DiagPart Digamma Elu EnsureShape Erf Erfc Erfinv Exp
T | Expm1 ExtractImagePatches ExtractVolumePatches Floor Identity Inv Invert IsFinite IsInf IsNan L2Loss Lgamma Log Log1p
T | LogMatrixDeterminant LogSoftmax MatrixDeterminant MatrixDiag MatrixDiagPart MatrixInverse MaxPool3D MaxPoolWithArgmax Ndtri
T | Neg OnesLike PreventGradient RandomShuffle RandomStandardNormal RandomUniform Rank Reciprocal Relu Relu6 Rint Round Rsqrt
T | Selu Shape Sigmoid Sign Sin Sinh Size Snapshot Softmax Softplus Softsign SpaceToDepth Sqrt Square Squeeze StopGradient Tan
T | Tanh TruncatedNormal Unique UniqueWithCounts Unpack ZerosLike
T 1 3 3 | CropAndResize
T 3 | DynamicPartition Multinomial NthElement ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor
T 3 1 1 | ScaleAndTranslate
T 3 3 3 T | MatrixDiagV2 MatrixDiagV3
T 3 T | MatrixDiagPartV2 MatrixDiagPartV3
T Index Index | Slice
T Index Index Index | StridedSlice
T T | Add AddV2 ApproximateEqual Atan2 BatchMatMul BatchMatMulV2 BiasAdd BiasAddV1 BitwiseAnd BitwiseOr BitwiseXor Conv2D Conv3D
T T | Cross DepthwiseConv2dNative Dilation2D Div DivNoNan Equal FloorDiv FloorMod Greater GreaterEqual LeftShift Less LessEqual
T T | ListDiff LowerBound MatMul MatrixSetDiag MatrixSolve MatrixTriangularSolve Maximum Minimum Mod Mul MulNoNan NotEqual Pow
T T | RealDiv RightShift SoftmaxCrossEntropyWithLogits SquaredDifference Sub TruncateDiv TruncateMod UpperBound Xdivy Xlog1py
T T | Xlogy
T T 3 | HistogramFixedWidth MatrixSetDiagV2 MatrixSetDiagV3
T T T | ClipByValue
T T T T T | FusedBatchNorm
T T T T T T | GRUBlockCell
T T T T T T T T | LSTMBlockCell
T T Tidx=3 | LinSpace
T Taxis=9 | UniqueV2 UniqueWithCountsV2
T Tblock_shape=3 Tcrops=3 | BatchToSpaceND
T Tblock_shape=3 Tpaddings=3 | SpaceToBatchND
T Tdim=3 | ExpandDims
T Tidx=3 | ArgMax ArgMin BatchToSpace BroadcastTo Cumprod Cumsum CumulativeLogsumexp EuclideanNorm Max Mean Min Prod ReverseV2
T Tidx=3 | Sum
T Tidx=3 Tsegmentids=3 | SparseSegmentMean SparseSegmentSqrtN SparseSegmentSum
T Tidx=3 Tsegmentids=3 Tnumsegments=3 | SparseSegmentMeanWithNumSegments SparseSegmentSqrtNWithNumSegments
T Tidx=3 Tsegmentids=3 Tnumsegments=3 | SparseSegmentSumWithNumSegments
T Tindex=9 Tindex=9 | MatrixBandPart
T Tindices | SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum
T Tindices T | TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub TensorScatterUpdate
T Tindices Tnumsegments=3 | UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum
T Tk=3 | TopKV2
T Tlabels=9 | SparseSoftmaxCrossEntropyWithLogits
T Tlen=9 | ReverseSequence
T Tlen=9 3 | SplitV
T Tmultiples=3 | Tile
T Tout Tout | RandomUniformInt
T Tpaddings=3 | MirrorPad Pad SpaceToBatch
T Tpaddings=3 T | PadV2
T Tperm=3 | ConjugateTranspose Transpose
T Tseed=9 dtype dtype | StatelessRandomUniformInt
T Tshape=3 | Reshape
T Tshift Taxis | Roll
T U U U U | FusedBatchNormV2 FusedBatchNormV3
T=1 | HSVToRGB LRN LeakyRelu MaxPool RGBToHSV
T=1 1 | AdjustContrastv2 AdjustHue AdjustSaturation
T=1 3 | CTCGreedyDecoder
T=1 3 3 | MaxPoolV2
T=1 T=1 3 T=1 T=1 T=1 | NonMaxSuppressionV5
T=1 T=1 3 T_threshold=1 | NonMaxSuppressionV2
T=1 T=1 3 T_threshold=1 T_threshold=1 | NonMaxSuppressionV3 NonMaxSuppressionV4
T=10 | Where
T=3 | InvertPermutation
T=3 T=3 | BroadcastArgs
T=3 Tseed=9 | StatelessRandomNormal StatelessRandomUniform
TI=9 3 T T | OneHot
Ta Tb | BatchMatMulV3
Ta=1 Tb=1 | SparseMatMul
Tcond [Tin] | If StatelessIf
Tidx Tidx T | DenseBincount
Tidx=3 Tidx=3 Tidx=3 | Range
Tindices T Tindices | ScatterNd
Tindices Tindices T T | SparseToDense
Tindices=9 T 9 T | SparseTensorDenseMatMul
Tparams Tindices | Gather GatherNd
Tparams Tindices Taxis | GatherV2
Tseed=9 | StatelessRandomGetKeyCounter
Tshape T T num_row_partition_tensors*Tindex | RaggedTensorToTensor
Tshape=3 23 23 3 | StatelessRandomNormalV2 StatelessRandomUniformV2
Tshape=3 23 23 3 dtype dtype | StatelessRandomUniformIntV2
Tshape=3 T T | Conv3DBackpropInputV2
[T] | IdentityN StatelessWhile While
dtype | PlaceholderWithDefault
dtype 1 3 | ImageProjectiveTransformV2
dtype 1 3 1 | ImageProjectiveTransformV3
element_dtype 3 shape_type | TensorListScatter
element_dtype 3 shape_type 3 | TensorListScatterV2
element_dtype shape_type | TensorListFromTensor
element_dtype shape_type 9 | TensorListSplit
index_type=3 T | Fill
shape_type 3 | EmptyTensorList TensorListReserve
`;

/** A line is `attribute:kind | ops`; `{...}` holds the values that are allowed, `>=` the smallest number or the shortest list. */
export const OP_ATTRIBUTES = `
DstT:type | Cast
Index:type{3,5,9} | StridedSlice
Index:type{3,9} | Slice
N:int>=1 | AddN DynamicStitch Einsum Pack ParallelDynamicStitch ShapeN
N:int>=2 | Concat ConcatV2
SrcT:type | Cast
T:[type] | StatelessWhile While
T:[type]>=1 | IdentityN
T:type | BatchToSpace BatchToSpaceND BroadcastTo Concat ConcatV2 ConjugateTranspose DebugGradientIdentity DepthToSpace
T:type | DynamicPartition DynamicStitch Einsum EnsureShape Equal ExpandDims Fill Identity ListDiff LowerBound MatrixBandPart
T:type | MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixSetDiag MatrixSetDiagV2
T:type | MatrixSetDiagV3 MirrorPad NotEqual OneHot Pack Pad PadV2 ParallelDynamicStitch PreventGradient RaggedTensorToTensor
T:type | RandomShuffle Rank Reshape ReverseSequence Roll ScatterNd Select SelectV2 Shape ShapeN Size Slice Snapshot SpaceToBatch
T:type | SpaceToBatchND SpaceToDepth SparseFillEmptyRows SparseReorder SparseTensorDenseMatMul SparseToDense Split SplitV Squeeze
T:type | StopGradient StridedSlice TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub TensorScatterUpdate Tile
T:type | Transpose Unique UniqueV2 UniqueWithCounts UniqueWithCountsV2 Unpack UpperBound ZerosLike
T:type{1,14,19} | FusedBatchNormV2 FusedBatchNormV3 LRN MaxPool3D
T:type{1,19} | AdjustContrastv2 AdjustHue AdjustSaturation BlockLSTM BlockLSTMV2 LSTMBlockCell NonMaxSuppressionV2
T:type{1,19} | NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5
T:type{1,2,14,19} | Atan2 AvgPool AvgPool3D BesselI0 BesselI0e BesselI1 BesselI1e Ceil CheckNumerics Conv3D Conv3DBackpropInputV2
T:type{1,2,14,19} | CumulativeLogsumexp DepthwiseConv2dNative Digamma Elu Erf Erfc Erfinv Floor HSVToRGB IsFinite IsInf IsNan
T:type{1,2,14,19} | L2Loss LeakyRelu Lgamma LinSpace LogSoftmax Ndtri RGBToHSV Rint Selu Softmax SoftmaxCrossEntropyWithLogits
T:type{1,2,14,19} | Softplus Softsign SparseSegmentMean SparseSegmentMeanWithNumSegments SparseSegmentSqrtN
T:type{1,2,14,19} | SparseSegmentSqrtNWithNumSegments SparseSoftmaxCrossEntropyWithLogits
T:type{1,2,3,14,19} | Conv2D Conv2DBackpropInput
T:type{1,2,3,4,5,6,7,8,9,10,14,17,18,19,22,23} | ReverseV2
T:type{1,2,3,4,5,6,7,8,9,14,18,19} | Add
T:type{1,2,3,4,5,6,8,9,10,11,12,13,14,15,16,17,18,19,22,23} | Where
T:type{1,2,3,4,5,6,8,9,10,14,17,18,19,22,23} | ExtractImagePatches OnesLike
T:type{1,2,3,4,5,6,8,9,11,12,13,14,15,16,17,18,19,21,22,23} | AddN
T:type{1,2,3,4,5,6,8,9,11,12,13,14,15,16,17,18,19,22,23} | ApproximateEqual BiasAdd BiasAddV1 Bitcast ClipByValue Cumprod Cumsum
T:type{1,2,3,4,5,6,8,9,11,12,13,14,15,16,17,18,19,22,23} | EuclideanNorm Mean Prod SegmentMean SegmentProd SegmentSum
T:type{1,2,3,4,5,6,8,9,11,12,13,14,15,16,17,18,19,22,23} | SparseReduceSum Sum UnsortedSegmentProd UnsortedSegmentSum
T:type{1,2,3,4,5,6,8,9,14,17,18,19,22,23} | AddV2 Div FloorDiv Mul RealDiv Square Sub TruncateDiv
T:type{1,2,3,4,5,6,9,10,11,12,13,14,15,16,17,19,22,23} | ArgMax ArgMin
T:type{1,2,3,4,5,6,9,11,12,13,14,15,16,17,19,22,23} | Max Min
T:type{1,2,3,4,5,6,9,11,14,17,19,22,23} | Relu
T:type{1,2,3,4,5,6,9,11,14,17,19} | MaxPool MaxPoolV2
T:type{1,2,3,4,5,6,9,14,17,19,22,23} | Cross Dilation2D ExtractVolumePatches FloorMod Greater GreaterEqual Less LessEqual
T:type{1,2,3,4,5,6,9,14,17,19,22,23} | MaxPoolWithArgmax Maximum Minimum Multinomial NthElement Relu6 SegmentMax SegmentMin
T:type{1,2,3,4,5,6,9,14,17,19,22,23} | SparseSegmentSum SparseSegmentSumWithNumSegments TopKV2 UnsortedSegmentMax
T:type{1,2,3,4,5,6,9,14,17,19,22,23} | UnsortedSegmentMin
T:type{1,2,3,4,5,6,9,14,17,19} | ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ScaleAndTranslate
T:type{1,2,3,4,5,6,9,17,19} | CropAndResize
T:type{1,2,3,4,5,8,9,14,17,18,19,22,23} | BatchMatMulV2
T:type{1,2,3,4,8,9,14,17,18,19,22,23} | MatMul
T:type{1,2,3,5,6,8,9,14,18,19} | Inv Neg Pow Reciprocal Round Sign
T:type{1,2,3,5,6,9,14,19} | Abs
T:type{1,2,3,8,9,14,18,19} | BatchMatMul Diag DiagPart SquaredDifference
T:type{1,2,3,9,14,19} | Mod TruncateMod
T:type{1,2,3,9} | Bincount Bucketize DenseBincount HistogramFixedWidth RaggedBincount
T:type{1,2,8,14,18,19} | Acos Acosh Asin Asinh Atan Atanh Cos Cosh DivNoNan Exp Expm1 Log Log1p MatrixTriangularSolve MulNoNan
T:type{1,2,8,14,18,19} | Rsqrt Sigmoid Sin Sinh Sqrt Tan Tanh Xdivy Xlog1py Xlogy
T:type{1,2,8,18,19} | Cholesky LogMatrixDeterminant MatrixDeterminant MatrixInverse MatrixSolve
T:type{1,2} | CTCGreedyDecoder
T:type{1} | FusedBatchNorm GRUBlockCell
T:type{3,4,5,6,9,17,22,23} | BitwiseAnd BitwiseOr BitwiseXor Invert LeftShift RightShift
T:type{3,9} | BroadcastArgs InTopK InTopKV2 InvertPermutation RandomStandardNormal RandomUniform RandomUniformInt
T:type{3,9} | StatelessRandomNormal StatelessRandomUniform StatelessRandomUniformInt TruncatedNormal
TI:type{3,4,6,9} | OneHot
T_threshold:type{1,19} | NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4
Ta:type{1,14} | SparseMatMul
Ta:type{1,2,3,4,5,6,8,9,14,18,19} | BatchMatMulV3
Targmax:type{3,9} | MaxPoolWithArgmax
Taxis:type{3,9} | GatherV2 Roll UniqueV2 UniqueWithCountsV2
Tb:type{1,14} | SparseMatMul
Tb:type{1,2,3,4,5,6,8,9,14,18,19} | BatchMatMulV3
Tblock_shape:type{3,9} | BatchToSpaceND SpaceToBatchND
Tcond:type | If StatelessIf
Tcrops:type{3,9} | BatchToSpaceND
Tdim:type{3,9} | ExpandDims
Tidx:type{1,2,3,5,6,9,14,17,19,22,23} | Range
Tidx:type{3,5,9} | ArgMax
Tidx:type{3,9} | All Any ArgMin BatchToSpace BroadcastTo ConcatV2 Cumprod Cumsum CumulativeLogsumexp DenseBincount EuclideanNorm
Tidx:type{3,9} | LinSpace Max Mean Min Prod RaggedBincount ReverseV2 SparseSegmentMean SparseSegmentMeanWithNumSegments
Tidx:type{3,9} | SparseSegmentSqrtN SparseSegmentSqrtNWithNumSegments SparseSegmentSum SparseSegmentSumWithNumSegments Sum
Tin:[type] | Case If StatelessCase StatelessIf
Tindex:type{3,9} | MatrixBandPart RaggedTensorToTensor
Tindices:type{3,5,9,17} | TensorScatterUpdate
Tindices:type{3,5,9} | GatherNd GatherV2 ScatterNd UnsortedSegmentSum
Tindices:type{3,9} | Gather SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum SparseTensorDenseMatMul SparseToDense
Tindices:type{3,9} | TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub UnsortedSegmentMax UnsortedSegmentMin
Tindices:type{3,9} | UnsortedSegmentProd
Tk:type{3,5,9} | TopKV2
Tlabels:type{3,9} | SparseSoftmaxCrossEntropyWithLogits
Tlen:type{3,6,9} | SplitV
Tlen:type{3,9} | ReverseSequence
Tmultiples:type{3,9} | Tile
Tnumsegments:type{3,9} | SparseSegmentMeanWithNumSegments SparseSegmentSqrtNWithNumSegments SparseSegmentSumWithNumSegments
Tnumsegments:type{3,9} | UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum
Tout:[type] | Case If StatelessCase StatelessIf
Tout:type{1,2,3,5,8,9,14,18,19} | BatchMatMulV3
Tout:type{3,9} | RandomUniformInt
Tpaddings:type{3,9} | MirrorPad Pad PadV2 SpaceToBatch SpaceToBatchND
Tparams:type | Gather GatherNd GatherV2
Tperm:type{3,9} | ConjugateTranspose Transpose
Truncate:bool | Cast
Tseed:type{3,9} | StatelessRandomGetKeyCounter StatelessRandomNormal StatelessRandomUniform StatelessRandomUniformInt
Tsegmentids:type{3,9} | SparseSegmentMean SparseSegmentMeanWithNumSegments SparseSegmentSqrtN SparseSegmentSqrtNWithNumSegments
Tsegmentids:type{3,9} | SparseSegmentSum SparseSegmentSumWithNumSegments
Tshape:type{3,9} | Conv3DBackpropInputV2 RaggedTensorToTensor Reshape StatelessRandomNormalV2 StatelessRandomUniformIntV2
Tshape:type{3,9} | StatelessRandomUniformV2 TensorListGetItem
Tshift:type{3,9} | Roll
U:type{1,14} | FusedBatchNormV3
U:type{1} | FusedBatchNormV2
a_is_sparse:bool | SparseMatMul
adj_x:bool | BatchMatMul BatchMatMulV2 BatchMatMulV3
adj_y:bool | BatchMatMul BatchMatMulV2 BatchMatMulV3
adjoint:bool | MatrixInverse MatrixSolve MatrixTriangularSolve
adjoint_a:bool | SparseTensorDenseMatMul
adjoint_b:bool | SparseTensorDenseMatMul
align:string{LEFT_RIGHT,RIGHT_LEFT,LEFT_LEFT,RIGHT_RIGHT} | MatrixDiagPartV3 MatrixDiagV3 MatrixSetDiagV3
align_corners:bool | ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor
alpha:float | LRN LeakyRelu
antialias:bool | ScaleAndTranslate
axis:int | OneHot Pack Unpack
b_is_sparse:bool | SparseMatMul
bad_indices_policy:string | GatherNd ScatterNd TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub
bad_indices_policy:string | TensorScatterUpdate
batch_dim:int | ReverseSequence
batch_dims:int | GatherV2
begin_mask:int | StridedSlice
beta:float | LRN
bias:float | LRN
binary_output:bool | DenseBincount RaggedBincount
blank_index:int | CTCGreedyDecoder
block_size:int>=2 | BatchToSpace DepthToSpace SpaceToBatch SpaceToDepth
body:func | StatelessWhile While
boundaries:[float] | Bucketize
branches:[func]>=1 | Case StatelessCase
cell_clip:float | BlockLSTM BlockLSTMV2 LSTMBlockCell
clip_boxes:bool | CombinedNonMaxSuppression
cond:func | StatelessWhile While
data_format:string{NDHWC,NCDHW} | AvgPool3D Conv3D Conv3DBackpropInputV2 MaxPool3D
data_format:string{NHWC,NCHW,NCHW_VECT_C} | DepthToSpace MaxPool MaxPoolV2 SpaceToDepth
data_format:string{NHWC,NCHW,NDHWC,NCDHW} | FusedBatchNormV3
data_format:string{NHWC,NCHW} | AvgPool BiasAdd Conv2D Conv2DBackpropInput DepthwiseConv2dNative FusedBatchNorm FusedBatchNormV2
dct_coefficient_count:int | Mfcc
depth_radius:int | LRN
dilations:[int] | Conv2D Conv2DBackpropInput Conv3D Conv3DBackpropInputV2 DepthwiseConv2dNative
dtype:type | PlaceholderWithDefault
dtype:type{1,2,14,19} | RandomStandardNormal RandomUniform StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform
dtype:type{1,2,14,19} | StatelessRandomUniformV2 TruncatedNormal
dtype:type{1,2,3,4,9,14,19} | ImageProjectiveTransformV2 ImageProjectiveTransformV3
dtype:type{3,9,22,23} | StatelessRandomUniformIntV2
dtype:type{3,9} | HistogramFixedWidth StatelessRandomUniformInt
element_dtype:type | EmptyTensorList TensorListConcat TensorListConcatV2 TensorListFromTensor TensorListGather TensorListGetItem
element_dtype:type | TensorListPopBack TensorListPushBack TensorListReserve TensorListScatter TensorListScatterIntoExistingList
element_dtype:type | TensorListScatterV2 TensorListSetItem TensorListSplit TensorListStack
element_shape:shape | TensorListConcat
ellipsis_mask:int | StridedSlice
else_branch:func | If StatelessIf
end_mask:int | StridedSlice
epsilon:float | FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3
equation:string | Einsum
exclusive:bool | Cumprod Cumsum CumulativeLogsumexp
explicit_paddings:[int] | Conv2D Conv2DBackpropInput DepthwiseConv2dNative MaxPool
exponential_avg_factor:float | FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3
extrapolation_value:float | CropAndResize
fill_mode:string | ImageProjectiveTransformV2 ImageProjectiveTransformV3
filterbank_channel_count:int | Mfcc
forget_bias:float | BlockLSTM LSTMBlockCell
grad_a:bool | MatMul
grad_b:bool | MatMul
grad_x:bool | BatchMatMul BatchMatMulV2 BatchMatMulV3
grad_y:bool | BatchMatMul BatchMatMulV2 BatchMatMulV3
half_pixel_centers:bool | ResizeBicubic ResizeBilinear ResizeNearestNeighbor
include_batch_in_index:bool | MaxPoolWithArgmax
incompatible_shape_error:bool | Equal NotEqual
index_type:type{3,5,9} | TopKV2
index_type:type{3,9} | Fill
interpolation:string | ImageProjectiveTransformV2 ImageProjectiveTransformV3
iou_threshold:float | NonMaxSuppression
is_training:bool | FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3
k:int | InTopK
keep_dims:bool | All Any EuclideanNorm Max Mean Min Prod SparseReduceSum Sum
kernel_type:string | ScaleAndTranslate
ksize:[int]>=4 | AvgPool MaxPool MaxPoolWithArgmax
ksize:[int]>=5 | AvgPool3D MaxPool3D
ksizes:[int]>=4 | ExtractImagePatches
ksizes:[int]>=5 | ExtractVolumePatches
lower:bool | MatrixTriangularSolve
lower_frequency_limit:float | Mfcc
magnitude_squared:bool | AudioSpectrogram
max:float | FakeQuantWithMinMaxArgs
merge_repeated:bool | CTCGreedyDecoder
message:string | CheckNumerics PreventGradient
method:string{bilinear,nearest} | CropAndResize
min:float | FakeQuantWithMinMaxArgs
mode:string{REFLECT,SYMMETRIC} | MirrorPad
narrow_range:bool | FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel
new_axis_mask:int | StridedSlice
num:int | Unpack
num_bits:int | FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel
num_elements:int | TensorListStack
num_partitions:int>=1 | DynamicPartition
num_row_partition_tensors:int>=1 | RaggedTensorToTensor
num_split:int>=1 | Split SplitV
out_idx:type{3,9} | ListDiff Unique UniqueV2 UniqueWithCounts UniqueWithCountsV2
out_type:type{3,9} | LowerBound Shape ShapeN Size UpperBound
output_dtype:type{3,9} | Multinomial
output_shapes:[shape] | Case If StatelessCase StatelessIf StatelessWhile While
output_type:type{3,5,9,17} | ArgMax
output_type:type{3,9} | ArgMin
pad_per_class:bool | CombinedNonMaxSuppression
pad_to_max_output_size:bool | NonMaxSuppressionV4 NonMaxSuppressionV5
padding:string{SAME,VALID,EXPLICIT} | Conv2D Conv2DBackpropInput DepthwiseConv2dNative MaxPool
padding:string{SAME,VALID} | AvgPool AvgPool3D Conv3D Conv3DBackpropInputV2 Dilation2D ExtractImagePatches ExtractVolumePatches
padding:string{SAME,VALID} | MaxPool3D MaxPoolV2 MaxPoolWithArgmax
parallel_iterations:int | StatelessWhile While
rates:[int]>=4 | Dilation2D ExtractImagePatches
resize_if_index_out_of_bounds:bool | TensorListSetItem
reverse:bool | Cumprod Cumsum CumulativeLogsumexp NthElement
row_partition_types:[string] | RaggedTensorToTensor
seed2:int | Multinomial RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt TruncatedNormal
seed:int | Multinomial RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt TruncatedNormal
seq_dim:int | ReverseSequence
shape:shape | EnsureShape PlaceholderWithDefault
shape_type:type{3,9} | EmptyTensorList TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListReserve
shape_type:type{3,9} | TensorListScatter TensorListScatterV2 TensorListSplit
shrink_axis_mask:int | StridedSlice
sorted:bool | TopKV2
sparse_gradient:bool | SparseSegmentMean SparseSegmentMeanWithNumSegments SparseSegmentSqrtN SparseSegmentSqrtNWithNumSegments
sparse_gradient:bool | SparseSegmentSum SparseSegmentSumWithNumSegments
squeeze_dims:[int] | Squeeze
stride:int | AudioSpectrogram
strides:[int] | Conv2D Conv2DBackpropInput DepthwiseConv2dNative
strides:[int]>=4 | AvgPool Dilation2D ExtractImagePatches MaxPool MaxPoolWithArgmax
strides:[int]>=5 | AvgPool3D Conv3D Conv3DBackpropInputV2 ExtractVolumePatches MaxPool3D
then_branch:func | If StatelessIf
tolerance:float | ApproximateEqual
transpose_a:bool | MatMul SparseMatMul
transpose_b:bool | MatMul SparseMatMul
type:type{1,2,3,4,5,6,8,9,11,12,13,14,15,16,17,18,19,22,23} | Bitcast
upper_frequency_limit:float | Mfcc
use_cudnn_on_gpu:bool | Conv2D Conv2DBackpropInput
use_peephole:bool | BlockLSTM BlockLSTMV2 LSTMBlockCell
validate_indices:bool | Gather SparseToDense
window_size:int | AudioSpectrogram
`;
