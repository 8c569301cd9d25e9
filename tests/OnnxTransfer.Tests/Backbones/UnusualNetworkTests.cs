using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>Networks that are not one image of a fixed size in, numbers out; each a change to the small backbone.</summary>
public sealed class UnusualNetworkTests : IDisposable
{
    private readonly TinyBackbone _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Theory]
    [InlineData("a:grid2", "b:average")]
    [InlineData("a:none", "b:grid3")]
    public void Dynamic_height_and_width_take_the_described_size(params string[] taps)
    {
        var expected = Embed(taps);
        var proto = _tiny.Model.Proto.Clone();
        var shape = proto.Graph.Input[0].Type.TensorType.Shape;
        (shape.Dim[2].DimParam, shape.Dim[3].DimParam) = ("height", "width");
        proto.Graph.ValueInfo.Add(proto.Graph.Input[0].Clone());
        proto.Graph.ValueInfo[0].Name = "a";
        proto.Graph.ValueInfo[0].Type.TensorType.Shape.Dim[1].DimValue = 4;
        _tiny.Replace(new OnnxModel(proto, "tiny"));

        Assert.Equal("float input[N,3,height,width]", Assert.Single(OnnxModel.Load(_tiny.ModelPath).Inputs).ToString());
        Assert.Equal(expected, Embed(taps));
    }

    [Fact]
    public void A_last_convolution_of_features_is_known_by_its_kernel_wherever_that_stands()
    {
        var builder = GraphBuilder.Empty(name: "net");
        builder.Input("image", ElementType.Float, -1, 3, 8, 8);
        var kernel = builder.Node("Identity", [builder.Floats("w", Graphs.Floats(5 * 27, 1), 5, 3, 3, 3)], "kernel");
        builder.NodeInto("map", "Conv", ["image", kernel]);
        builder.Output("map", ElementType.Float, -1, 5, 6, 6);

        var found = BackboneImport.Analyse(builder.Build());

        Assert.Contains("It has no classifier: 'map' is what it gives.", found.Found);
    }

    [Fact]
    public void Outputs_left_out_by_name_are_no_tensors()
    {
        var proto = _tiny.Model.Proto.Clone();
        foreach (var convolution in new[] { "a", "b" })
        {
            // The mask, which is not wanted, has the empty name in both.
            var relu = proto.Graph.Node.Single(n => n.Output[0] == convolution);
            (relu.OpType, relu.Name) = ("Dropout", "");
            relu.Output.Add("");
        }

        var found = BackboneImport.Analyse(new OnnxModel(proto, "tiny"), new() { Mean = [0, 0, 0], Std = [1, 1, 1] });

        Assert.Equal(6, found.Taps.Single(tap => tap.Name == found.Embedding[0]).Width);
    }

    [Fact]
    public void A_network_of_float16_runs_on_the_cpu_and_its_profile_says_what_that_means()
    {
        var expected = Embed("a", "b");
        var proto = _tiny.Model.Proto.Clone();
        foreach (var tensor in proto.Graph.Initializer)
        {
            var halves = TensorData.Floats(tensor)!.Select(v => (Half)v).ToArray();
            (tensor.DataType, tensor.RawData) = ((int)ElementType.Float16, ByteString.CopyFrom(MemoryMarshal.AsBytes<Half>(halves)));
        }

        foreach (var value in proto.Graph.Input.Concat(proto.Graph.Output))
        {
            value.Type.TensorType.ElemType = (int)ElementType.Float16;
        }

        _tiny.Replace(new OnnxModel(proto, "tiny"));

        Graphs.Near(expected, Embed("a", "b"), 0.02f);
        var model = OnnxModel.Load(_tiny.ModelPath);
        Assert.Equal("float16 input[N,3,8,8]", Assert.Single(model.Inputs).ToString());
        Assert.Contains(ModelProfile.Of(model, TensorShapes.Infer(model)).Warnings, warning => warning.Contains("float16", StringComparison.Ordinal));
    }

    [Fact]
    public void A_second_input_that_no_tap_needs_is_left_out()
    {
        var expected = Embed("b");
        _tiny.Replace(WithSecondInput("logits"));

        Assert.Equal(expected, Embed("b"));
    }

    [Fact]
    public void A_tap_that_needs_a_second_input_is_refused()
    {
        _tiny.Replace(WithSecondInput("a"));

        var error = Assert.Throws<OnnxException>(() => Embed("b"));

        Assert.Equal(
            $"{_tiny.ModelPath}: has 2 inputs (float input[N,3,8,8], float mask[N,1]); expected one, the image: "
            + "choose taps that need the image alone, or export the model with its other inputs as constants",
            error.Message);
    }

    [Fact]
    public void A_tap_computed_from_weights_alone_is_refused()
    {
        var proto = _tiny.Model.Proto.Clone();
        proto.Graph.Node.Insert(0, new NodeProto { OpType = "Relu", Input = { "w1" }, Output = { "dead" } });
        _tiny.Replace(new OnnxModel(proto, "tiny"));
        _tiny.Json["taps"]![0]!["tensor"] = "dead";
        _tiny.Write();

        Assert.StartsWith(
            $"{_tiny.ModelPath}: tensor 'dead' is computed from weights alone, the same for every image; expected one that depends on 'input'",
            Assert.Throws<OnnxException>(() => Embed("a")).Message);
    }

    [Fact]
    public void Weights_in_another_file_embed_the_same()
    {
        var expected = Embed("a", "b");

        _tiny.MoveWeightsOutside();

        Assert.True(new FileInfo(_tiny.ModelPath).Length < 1000);
        Assert.Equal(expected, Embed("a", "b"));
    }

    /// <summary>A mask [N, 1] is added to the tensor; who read it reads the sum.</summary>
    private OnnxModel WithSecondInput(string tensor)
    {
        var builder = GraphBuilder.Over(_tiny.Model);
        builder.Input("mask", ElementType.Float, -1, 1);
        var giver = builder.Graph.Node.Single(n => n.Output.Contains(tensor));
        giver.Output[0] = "before";
        var sum = new NodeProto { OpType = "Add", Input = { "before", "mask" }, Output = { tensor } };
        builder.Graph.Node.Insert(builder.Graph.Node.IndexOf(giver) + 1, sum);
        return builder.Build();
    }

    private float[] Embed(params string[] taps)
    {
        using var backbone = Backbone.Load("tiny", ExecutionProvider.Cpu, new BackboneSettings { Taps = taps, Catalogue = _tiny.Catalogue, Threads = 1 });
        using var buffers = backbone.CreateBuffers();
        new Random(3).NextBytes(buffers.Bytes);
        backbone.Run(buffers, 2);
        return [.. Enumerable.Range(0, taps.Length).SelectMany(i => buffers.Output(i).ToArray())];
    }
}
