using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>
/// Small networks in the manner of the exporters whose files users bring: the operators, layouts, names and fixed numbers
/// each leaves, on 16 x 16 pixels.
/// </summary>
internal static class Conventions
{
    /// <summary>tf2onnx: NHWC in, a Transpose, NCHW inside, GlobalAveragePool and Squeeze, MatMul + Add, Softmax.</summary>
    public static OnnxModel Keras(long batch = -1)
    {
        var b = GraphBuilder.Empty(13);
        b.Input("input_1", ElementType.Float, batch, 16, 16, 3);
        var x = b.Node("Transpose", ["input_1"], "model/Conv1__6:0", ("perm", new long[] { 0, 3, 1, 2 }));
        x = Block(b, x, 3, 4, 1, "StatefulPartitionedCall/model/conv1/Relu:0", stride: 2);
        x = Block(b, x, 4, 6, 2, "StatefulPartitionedCall/model/conv2/Relu:0", stride: 2);
        x = b.Node("GlobalAveragePool", [x], "StatefulPartitionedCall/model/avg_pool/Mean:0");
        x = b.Node("Squeeze", [x, b.Longs("axes", [2, 3], 2)], "StatefulPartitionedCall/model/avg_pool/Mean_Squeeze:0");
        x = b.Node("MatMul", [x, b.Floats("dense", Graphs.Floats(60, 3), 6, 10)], "StatefulPartitionedCall/model/predictions/MatMul:0");
        x = b.Node("Add", [x, b.Floats("bias", Graphs.Floats(10, 4), 10)], "StatefulPartitionedCall/model/predictions/BiasAdd:0");
        b.NodeInto("predictions", "Softmax", [x], ("axis", 1));
        return Finish(b, "predictions", batch, 10);
    }

    /// <summary>Graphs whose maps stay NHWC to the end but for the convolutions: a Transpose before and behind each.</summary>
    public static OnnxModel MapsNhwc()
    {
        var b = GraphBuilder.Empty(13);
        b.Input("image", ElementType.Float, -1, 16, 16, 3);
        var x = b.Node("Transpose", ["image"], "t1", ("perm", new long[] { 0, 3, 1, 2 }));
        x = Conv(b, x, 3, 4, 1, "c1", 2);
        x = b.Node("Transpose", [x], "t2", ("perm", new long[] { 0, 2, 3, 1 }));
        x = b.Node("Relu", [x], "maps_nhwc");
        x = b.Node("ReduceMean", [x], "pooled_mean", ("axes", new long[] { 1, 2 }), ("keepdims", 0));
        b.NodeInto("scores", "Gemm", [x, b.Floats("w", Graphs.Floats(28, 5), 4, 7)]);
        return Finish(b, "scores", -1, 7);
    }

    /// <summary>CNTK, ML.NET's DnnImageFeaturizer: batch 1, Caffe's means taken off inside, 1 x C x 1 x 1 out, a Reshape to [1, C, 1, 1] on the way.</summary>
    public static OnnxModel Cntk()
    {
        var b = GraphBuilder.Empty(9);
        b.Input("features", ElementType.Float, 1, 3, 16, 16);
        var x = b.Node("Sub", ["features", b.Floats("mean", [103.939f, 116.779f, 123.68f], 3, 1, 1)], "Minus12_Output_0");
        x = Block(b, x, 3, 8, 1, "ReLU121_Output_0", stride: 2);
        var y = Conv(b, x, 8, 8, 2, "Convolution150_Output_0");
        x = b.Node("Relu", [b.Node("Add", [y, x], "Plus157_Output_0")], "ReLU160_Output_0");
        x = b.Node("AveragePool", [x], "AveragePooling3_Output_0", ("kernel_shape", new long[] { 8, 8 }));
        b.NodeInto("OutputNode", "Reshape", [x, b.Longs("shape", [1, 8, 1, 1], 4)]);
        b.Output("OutputNode", ElementType.Float, 1, 8, 1, 1);
        return b.Build();
    }

    /// <summary>MXNet, the ONNX zoo's v2 networks: BatchNormalization on the data, pre-activation blocks, Flatten, Gemm.</summary>
    public static OnnxModel Mxnet(bool pixelsInside = false)
    {
        var b = GraphBuilder.Empty(8);
        b.Input("data", ElementType.Float, 1, 3, 16, 16);
        var statistics = pixelsInside ? (new float[] { 123.7f, 116.3f, 103.5f }, new float[] { 3411f, 3265f, 3294f }) : (new float[3], new float[] { 1, 1, 1 });
        var x = b.Node(
            "BatchNormalization",
            ["data", b.Floats("gamma", [1, 1, 1], 3), b.Floats("beta", [0, 0, 0], 3), b.Floats("moving_mean", statistics.Item1, 3), b.Floats("moving_var", statistics.Item2, 3)],
            "resnetv24_batchnorm0_fwd");
        x = Block(b, x, 3, 4, 1, "resnetv24_relu0_fwd", stride: 2);
        var y = b.Node("Relu", [Conv(b, x, 4, 4, 2, "resnetv24_stage1_conv0_fwd")], "resnetv24_stage1_relu0_fwd");
        x = b.Node("Add", [Conv(b, y, 4, 4, 3, "resnetv24_stage1_conv1_fwd"), x], "resnetv24_stage1__plus0");
        x = b.Node("Relu", [Scale(b, x, 4)], "resnetv24_relu1_fwd");
        x = b.Node("GlobalAveragePool", [x], "resnetv24_pool1_fwd");
        x = b.Node("Flatten", [x], "flatten_170");
        b.NodeInto("resnetv24_dense0_fwd", "Gemm", [x, b.Floats("w", Graphs.Floats(40, 5), 10, 4), b.Floats("c", Graphs.Floats(10, 6), 10)], ("transB", 1));
        return Finish(b, "resnetv24_dense0_fwd", 1, 10);
    }

    /// <summary>timm by torch.onnx: dynamic batch and, if wanted, size; PyTorch's paths; a Reshape whose shape is computed from Shape and Concat.</summary>
    public static OnnxModel Timm(long side = 16)
    {
        var b = GraphBuilder.Empty(17);
        b.Input("x", ElementType.Float, -1, 3, side, side);
        var x = Block(b, "x", 3, 4, 1, "/act1/Relu_output_0", stride: 2);
        var y = Conv(b, x, 4, 4, 2, "/layer1/layer1.0/conv1/Conv_output_0");
        x = b.Node("Relu", [b.Node("Add", [y, x], "/layer1/layer1.0/Add_output_0")], "/layer1/layer1.0/act2/Relu_output_0");
        x = Block(b, x, 4, 6, 3, "/layer2/layer2.0/act1/Relu_output_0", stride: 2);
        y = Conv(b, x, 6, 6, 4, "/layer2/layer2.0/conv2/Conv_output_0");
        x = b.Node("Relu", [b.Node("Add", [y, x], "/layer2/layer2.0/Add_output_0")], "/layer2/layer2.0/act2/Relu_output_0");
        x = b.Node("GlobalAveragePool", [x], "/global_pool/pool/GlobalAveragePool_output_0");
        var rows = b.Node("Gather", [b.Node("Shape", [x], "/global_pool/Shape_output_0"), b.Longs("zero", [0], 1)], "/global_pool/Gather_output_0", ("axis", 0));
        var shape = b.Node("Concat", [rows, b.Longs("rest", [6], 1)], "/global_pool/Concat_output_0", ("axis", 0));
        x = b.Node("Reshape", [x, shape], "/global_pool/flatten/Reshape_output_0");
        b.NodeInto("495", "Gemm", [x, b.Floats("w", Graphs.Floats(60, 5), 10, 6)], ("transB", 1));
        return Finish(b, "495", -1, 10);
    }

    /// <summary>A vision transformer of batch 1: patches, a class token folded into a weight, tokens merged with the batch.</summary>
    public static OnnxModel Tokens()
    {
        var b = GraphBuilder.Empty(13);
        b.Input("pixel_values", ElementType.Float, 1, 3, 16, 16);
        var x = b.Node("Conv", ["pixel_values", b.Floats("patch", Graphs.Floats(6 * 48, 1), 6, 3, 4, 4)], "patches", ("strides", new long[] { 4, 4 }));
        x = b.Node("Transpose", [b.Node("Reshape", [x, b.Longs("s1", [1, 6, 16], 3)], "r1")], "t1", ("perm", new long[] { 0, 2, 1 }));
        x = b.Node("Concat", [b.Floats("cls", Graphs.Floats(6, 2), 1, 1, 6), x], "tokens", ("axis", 1));
        x = b.Node("Reshape", [x, b.Longs("s2", [17, 6], 2)], "merged");
        x = b.Node("MatMul", [x, b.Floats("mix", Graphs.Floats(36, 3), 6, 6)], "mixed");
        x = b.Node("Reshape", [b.Node("Relu", [x], "activated"), b.Longs("s3", [1, 17, 6], 3)], "unmerged");
        x = b.Node("Gather", [x, b.Longs("first", [0])], "class_token", ("axis", 1));
        b.NodeInto("logits", "Gemm", [x, b.Floats("w", Graphs.Floats(30, 5), 6, 5)]);
        return Finish(b, "logits", 1, 5);
    }

    /// <summary>Batch 2, and rows of both images mixed by a product with a 2 x 2 matrix: no other batch fits.</summary>
    public static OnnxModel MixedBatch()
    {
        var b = GraphBuilder.Empty(13);
        b.Input("data", ElementType.Float, 2, 3, 16, 16);
        var x = Block(b, "data", 3, 4, 1, "maps", stride: 2);
        x = b.Node("Flatten", [b.Node("GlobalAveragePool", [x], "gap")], "flat", ("axis", 1));
        x = b.Node("MatMul", [b.Floats("eye", [1, 0, 0, 1], 2, 2), x], "rows_by_matrix");
        b.NodeInto("logits", "Gemm", [x, b.Floats("w", Graphs.Floats(20, 5), 4, 5)]);
        return Finish(b, "logits", 2, 5);
    }

    /// <summary>Values weighed against those of the other images of the batch: the shapes are right for any batch, the numbers are not.</summary>
    public static OnnxModel Weighed(long batch)
    {
        var b = GraphBuilder.Empty(13);
        b.Input("data", ElementType.Float, batch, 3, 16, 16);
        var x = Block(b, "data", 3, 4, 1, "maps", stride: 2);
        x = b.Node("Flatten", [b.Node("GlobalAveragePool", [x], "gap")], "flat", ("axis", 1));
        x = b.Node("Mul", [x, b.Node("Softmax", [x], "weights", ("axis", 0))], "weighed");
        b.NodeInto("logits", "Gemm", [x, b.Floats("w", Graphs.Floats(20, 5), 4, 5)]);
        return Finish(b, "logits", batch, 5);
    }

    /// <summary>Half or double precision from input to output.</summary>
    public static OnnxModel OfType(ElementType type)
    {
        var b = GraphBuilder.Empty(13);
        b.Input("data", type, -1, 3, 16, 16);
        string Weight(string name, float[] values, params long[] dims) => b.Node("Cast", [b.Floats(name, values, dims)], $"{name}_cast", ("to", (int)type));
        var x = b.Node("Conv", ["data", Weight("w1", Graphs.Floats(4 * 27, 1), 4, 3, 3, 3)], "c1", ("strides", new long[] { 2, 2 }));
        x = b.Node("Relu", [x], "maps");
        x = b.Node("Flatten", [b.Node("GlobalAveragePool", [x], "gap")], "flat", ("axis", 1));
        b.NodeInto("logits", "Gemm", [x, Weight("w2", Graphs.Floats(20, 2), 4, 5)]);
        b.Output("logits", type, -1, 5);
        return b.Build();
    }

    /// <summary>Two inputs: an image, and numbers that are added to its pooled maps.</summary>
    public static OnnxModel TwoInputs()
    {
        var b = GraphBuilder.Empty(13);
        b.Input("image", ElementType.Float, -1, 3, 16, 16);
        b.Input("age", ElementType.Float, -1, 4);
        var x = Block(b, "image", 3, 4, 1, "maps", stride: 2);
        x = b.Node("Flatten", [b.Node("GlobalAveragePool", [x], "gap")], "pooled_image", ("axis", 1));
        x = b.Node("Add", [x, "age"], "with_age");
        b.NodeInto("logits", "Gemm", [x, b.Floats("w", Graphs.Floats(20, 5), 4, 5)]);
        return Finish(b, "logits", -1, 5);
    }

    /// <summary>One input of any shape, a Relu.</summary>
    public static OnnxModel Bare(params long[] dims)
    {
        var b = GraphBuilder.Empty(13);
        b.Input("data", ElementType.Float, dims);
        b.NodeInto("out", "Relu", ["data"]);
        b.Output("out", ElementType.Float, dims);
        return b.Build();
    }

    /// <summary>VGG: convolutions, max pooling, Flatten, three Gemm with Relu between and a Dropout that does nothing.</summary>
    public static OnnxModel Vgg()
    {
        var b = GraphBuilder.Empty(13);
        b.Input("input.1", ElementType.Float, -1, 3, 16, 16);
        var x = Block(b, "input.1", 3, 4, 1, "relu_a");
        x = b.Node("MaxPool", [x], "33", ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        x = Block(b, x, 4, 6, 2, "35");
        x = b.Node("MaxPool", [x], "36", ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        x = b.Node("Flatten", [x], "37", ("axis", 1));
        x = b.Node("Relu", [b.Node("Gemm", [x, b.Floats("fc6", Graphs.Floats(96 * 7, 3), 96, 7)], "38")], "39");
        x = b.Node("Relu", [b.Node("Gemm", [x, b.Floats("fc7", Graphs.Floats(63, 4), 7, 9)], "41")], "42");
        x = b.Node("Dropout", [x], "43");
        b.NodeInto("output", "Gemm", [x, b.Floats("fc8", Graphs.Floats(45, 5), 9, 5)]);
        return Finish(b, "output", -1, 5);
    }

    private static OnnxModel Finish(GraphBuilder b, string output, long batch, long width)
    {
        b.Output(output, ElementType.Float, batch, width);
        return b.Build();
    }

    private static string Block(GraphBuilder b, string x, int from, int to, int seed, string name, long stride = 1) =>
        b.Node("Relu", [Conv(b, x, from, to, seed, $"{name}_before", stride)], name);

    private static string Conv(GraphBuilder b, string x, int from, int to, int seed, string name, long stride = 1) => b.Node(
        "Conv", [x, b.Floats($"w{seed}", Graphs.Floats(to * from * 9, seed), to, from, 3, 3)], name,
        ("pads", new long[] { 1, 1, 1, 1 }), ("strides", new long[] { stride, stride }), ("kernel_shape", new long[] { 3, 3 }));

    private static string Scale(GraphBuilder b, string x, int channels)
    {
        string Of(string name, float value) => b.Floats(name, [.. Enumerable.Repeat(value, channels)], channels);
        return b.Node("BatchNormalization", [x, Of("g", 1.5f), Of("b", 0.1f), Of("m", 0.2f), Of("v", 2)], "resnetv24_batchnorm1_fwd");
    }
}
