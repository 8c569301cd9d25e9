using OnnxTransfer.Backbones;
using OnnxTransfer.Heads;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Heads;

public sealed class ReinitialisationTests
{
    [Fact]
    public void Kernels_have_the_deviation_of_He_et_al()
    {
        float[] values = FreshWeights.Kaiming([64, 32, 3, 3], new SeededRandom(1));

        double expected = Math.Sqrt(2.0 / (64 * 9)), deviation = Math.Sqrt(values.Average(v => (double)v * v));
        Assert.Equal(64 * 32 * 9, values.Length);
        Assert.Equal(0, values.Average(v => (double)v), 3 * expected / Math.Sqrt(values.Length));
        Assert.Equal(expected, deviation, 0.02 * expected);
        Assert.Equal(3, values.Average(v => Math.Pow(v / deviation, 4)), 0.15); // normal, not even
    }

    [Fact]
    public void Dense_layers_are_drawn_as_torch_draws_them()
    {
        float[] values = FreshWeights.Linear(20_000, 25, new SeededRandom(1));

        Assert.InRange(values.Min(), -0.2, -0.1999);
        Assert.InRange(values.Max(), 0.1999, 0.2);
        Assert.Equal(0.2 / Math.Sqrt(3), Math.Sqrt(values.Average(v => (double)v * v)), 0.002);
    }

    [SkippableFact]
    public void Norms_that_were_folded_stand_behind_their_convolutions_again()
    {
        var (model, about) = Embedded();
        var architecture = ScratchArchitecture.Of(model, about);
        var places = new NormPlaces(architecture.Model, about.Name, Normalise.Auto);

        var fresh = Reinitialisation.Of(architecture.Model, places, zeroLastNorm: true, decay: 5e-4, seed: 7);

        // 15 convolutions of 5 x 24, 5 x 48 and 5 x 96 channels. The description counts one bias a channel and the classifier.
        Assert.Equal((15, 15), (fresh.Model.Operators["Conv"], fresh.Model.Operators["BatchNormalization"]));
        Assert.Equal(about.Parameters - 970 + 840, fresh.Weights.Sum(weight => (long)Values(fresh.Model, weight.Name).Length));
        Assert.Equal(15, fresh.Weights.Count(weight => weight.Decay == 5e-4));
        Assert.Equal(30, fresh.Weights.Count(weight => weight.Decay == 0));
        Assert.Equal(6, fresh.Weights.Count(weight => weight.Name.EndsWith("_scale", StringComparison.Ordinal) && Values(fresh.Model, weight.Name).All(v => v == 0)));
        Assert.All(["layer1/layer1.0/conv2", "layer3/layer3.1/conv2"], name => Assert.Equal(0, Values(fresh.Model, $"/{name}/Conv_output_0_scale")[0]));
        Assert.All(["layer1/layer1.0/conv1", "layer3/layer3.0/shortcut/shortcut.0"], name => Assert.Equal(1, Values(fresh.Model, $"/{name}/Conv_output_0_scale")[0]));
        Assert.Equal(["layer1", "layer2", "layer3", "avgpool"], fresh.Model.Outputs.Select(output => output.Name));
    }

    [SkippableFact]
    public void Put_back_and_folded_again_the_graph_is_the_old_one_with_other_numbers()
    {
        var (model, about) = Embedded();
        var architecture = ScratchArchitecture.Of(model, about);
        var fresh = Reinitialisation.Of(architecture.Model, new NormPlaces(architecture.Model, about.Name, Normalise.Auto), false, 0, seed: 1);

        var folded = BatchNormFolding.Fold(fresh.With(fresh.Model), out var count);

        Assert.Equal(new BatchNormCount(15, 0), count);
        Assert.Equal(architecture.Model.Operators, folded.Operators);
        Assert.Equal(architecture.Model.ParameterCount, folded.ParameterCount);
        Assert.Equal(architecture.Model.TensorNames, folded.TensorNames);
    }

    [SkippableFact]
    public void A_graph_with_its_norms_gets_no_others()
    {
        var model = OnnxModel.Load(TestData.Require("models", "resnet20-cifar10.onnx"));
        var fresh = Reinitialisation.Of(model, new NormPlaces(model, "resnet20-cifar10", Normalise.Auto), false, 0, seed: 1);

        Assert.Equal(model.Operators["BatchNormalization"], fresh.Model.Operators["BatchNormalization"]);
        Assert.Equal(model.ParameterCount, fresh.Model.ParameterCount);
        Assert.All(fresh.Model.Graph.Node.Where(node => node.OpType == "BatchNormalization"), node => Assert.Equal(1, node.Long("training_mode", 0)));
        Assert.DoesNotContain(fresh.Weights, weight => Values(fresh.Model, weight.Name).SequenceEqual(TensorData.Floats(model.Graph.Initializer.FirstOrDefault(t => t.Name == weight.Name) ?? new()) ?? []));
    }

    [Theory]
    [InlineData("vgg11", Normalise.Auto, 0)]
    [InlineData("vgg11_bn", Normalise.Auto, 2)]
    [InlineData("vgg11", Normalise.Batch, 2)]
    [InlineData("vgg11_bn", Normalise.None, 0)]
    public void A_plain_chain_has_norms_where_its_name_or_the_user_says_so(string name, Normalise normalise, int norms)
    {
        var model = Chain();
        var fresh = Reinitialisation.Of(model, new NormPlaces(model, name, normalise), false, 0, seed: 1);

        Assert.Equal(norms, fresh.Model.Operators.GetValueOrDefault("BatchNormalization"));
        Assert.Equal(norms == 0 ? 2 : 0, fresh.Model.Graph.Node.Count(node => node.OpType == "Conv" && node.Input.Count == 3));
    }

    [Fact]
    public void A_chain_of_depthwise_convolutions_had_norms()
    {
        var builder = GraphBuilder.Empty(17, "depthwise");
        string x = builder.Input("x", ElementType.Float, -1, 4, 8, 8), bias = builder.Floats("b", new float[4], 4);
        string each = builder.Node("Conv", [x, builder.Floats("w1", new float[4 * 9], 4, 1, 3, 3), bias], "each", ("group", 4));
        builder.Output(builder.NodeInto("y", "Conv", [each, builder.Floats("w2", new float[16], 4, 4, 1, 1), bias]));
        var model = builder.Build();

        Assert.Equal(2, Reinitialisation.Of(model, new NormPlaces(model, "", Normalise.Auto), false, 0, 1).Model.Operators["BatchNormalization"]);
    }

    /// <summary>Kaiming's deviation is √(2 / (outputs x places)), that of even numbers in ±1/√n a third of the root of 3 / n.</summary>
    [Theory]
    [InlineData(Initialisation.Kaiming)]
    [InlineData(Initialisation.Uniform)]
    public void Convolutions_are_drawn_as_asked_for(Initialisation drawing)
    {
        var builder = GraphBuilder.Empty(17, "wide");
        builder.NodeInto("y", "Conv", [builder.Input("x", ElementType.Float, -1, 64, 8, 8), builder.Floats("w", new float[32 * 64 * 9], 32, 64, 3, 3)]);
        builder.Output("y");
        var model = builder.Build();

        float[] drawn = Values(Reinitialisation.Of(model, new NormPlaces(model, "", Normalise.None), false, 0, 1, drawing).Model, "w");

        double deviation = Math.Sqrt(drawn.Average(value => (double)value * value)), bound = 1 / Math.Sqrt(64 * 9);
        Assert.Equal(drawing == Initialisation.Kaiming ? Math.Sqrt(2.0 / (32 * 9)) : bound / Math.Sqrt(3), deviation, 0.02 * deviation);
        Assert.Equal(drawing == Initialisation.Uniform, drawn.All(value => Math.Abs(value) <= bound));
    }

    [Fact]
    public void Seeds_decide_the_weights()
    {
        var model = Chain();
        float[] First(long seed) => Values(Reinitialisation.Of(model, new NormPlaces(model, "", Normalise.Auto), false, 0, seed).Model, "w1");

        Assert.Equal(First(3), First(3));
        Assert.NotEqual(First(3), First(4));
    }

    [Fact]
    public void A_matrix_and_the_sum_behind_it_are_a_dense_layer()
    {
        var builder = GraphBuilder.Empty(name: "dense");
        string product = builder.Node("MatMul", [builder.Input("input", ElementType.Float, -1, 4), builder.Floats("w", new float[20], 4, 5)], "product");
        builder.Output(builder.NodeInto("out", "Add", [product, builder.Floats("b", new float[5], 5)]), ElementType.Float, -1, 5);
        var model = builder.Build();

        var fresh = Reinitialisation.Of(model, new NormPlaces(model, "", Normalise.Auto), false, 0.1, seed: 1);

        Assert.Equal([("w", 0.1), ("b", 0.0)], fresh.Weights.Select(weight => (weight.Name, weight.Decay)));
        Assert.All(Values(fresh.Model, "w").Concat(Values(fresh.Model, "b")), value => Assert.InRange(Math.Abs(value), 1e-9, 0.5));
    }

    [Fact]
    public void What_cannot_be_drawn_anew_is_named()
    {
        var builder = GraphBuilder.Empty(name: "odd");
        string scaled = builder.Node("Mul", [builder.Input("input", ElementType.Float, -1, 8, 2, 2), builder.Floats("scales", new float[8], 8, 1, 1)], "scaled");
        builder.Output(builder.NodeInto("out", "Relu", [scaled]));
        var model = builder.Build();
        var places = new NormPlaces(model, "", Normalise.Auto);

        Assert.Equal(
            "odd: node 'scaled' (Mul) reads the weights 'scales', and how to draw those of a Mul anew is not known; known are Conv, ConvTranspose, Gemm, MatMul, PRelu "
            + "and the normalisations: take an earlier tap, or export the network with its batch norms as such",
            Assert.Throws<FitException>(() => Reinitialisation.Of(model, places, false, 0, 1)).Message);
        Assert.Equal(
            "chain: no residual branch ends with a batch norm, and the last norm of each was to start at 0; leave that out, or take a residual network",
            Assert.Throws<FitException>(() => Reinitialisation.Of(Chain(), new NormPlaces(Chain(), "", Normalise.Batch), true, 0, 1)).Message);
    }

    [SkippableFact]
    public void Another_input_size_is_another_resolution_of_every_map()
    {
        var (model, about) = Embedded();

        var architecture = ScratchArchitecture.Of(model, about, "layer3", 64, 48);

        Assert.Equal(["24x64x48", "48x32x24", "96x16x12"], architecture.Description.Taps.Select(tap => string.Join('x', tap.Shape)));
        Assert.Equal("exact 64x48 bilinear crop 64x48", architecture.Description.Preprocessing.Pixels.Signature);
        Assert.Equal(("layer3", 96 * 16), (architecture.Last.Name, architecture.Last.Width));
        Assert.Equal(
            "backbone 'resnet14-cifar10': has no tap 'layer9'; it has 'layer1', 'layer2', 'layer3', 'avgpool'",
            Assert.Throws<FitException>(() => ScratchArchitecture.Of(model, about, "layer9")).Message);
    }

    [Fact]
    public void Dense_layers_fit_one_size_alone()
    {
        using var tiny = new TinyBackbone();
        var builder = GraphBuilder.Over(Chain());
        builder.Graph.Output.Clear();
        string flat = builder.Node("Flatten", ["b"], "flat", ("axis", 1));
        builder.Output(builder.NodeInto("v", "Gemm", [flat, builder.Floats("w3", new float[6 * 6 * 64], 6, 6 * 64)], ("transB", 1)));
        tiny.Replace(builder.Build());
        tiny.Write();
        var about = tiny.Catalogue.Find("tiny").Description;

        string message = Assert.Throws<FitException>(() => ScratchArchitecture.Of(OnnxModel.Load(tiny.ModelPath), about, null, 16, 16)).Message;

        Assert.StartsWith("backbone 'tiny' at 16x16: its tap 'v' cannot be computed (", message, StringComparison.Ordinal);
        Assert.EndsWith("); dense layers, for one, fit one size alone: expected 8x8, or an earlier tap as the last", message, StringComparison.Ordinal);
    }

    private static (OnnxModel Model, BackboneDescription About) Embedded()
    {
        Skip.If(Outside.Embedded is null, "no embedded backbone in models/");
        var entry = new BackboneCatalogue(Outside.Embedded!).Find("resnet14-cifar10");
        return (OnnxModel.Load(entry.ModelPath), entry.Description);
    }

    private static OnnxModel Chain()
    {
        var builder = GraphBuilder.Empty(name: "chain");
        builder.Input("input", ElementType.Float, -1, 3, 8, 8);
        builder.NodeInto("a", "Relu", [Convolved("input", 1, 4, 3)]);
        builder.NodeInto("b", "Relu", [Convolved("a", 2, 6, 4)]);
        builder.Output("b");
        return builder.Build();

        string Convolved(string x, int number, int outputs, int inputs) => builder.Node(
            "Conv",
            [x, builder.Floats($"w{number}", new float[outputs * inputs * 9], outputs, inputs, 3, 3), builder.Floats($"b{number}", new float[outputs], outputs)],
            $"c{number}",
            ("pads", new long[] { 1, 1, 1, 1 }));
    }

    private static float[] Values(OnnxModel model, string weight) => TensorData.Floats(model.Graph.Initializer.Single(tensor => tensor.Name == weight))!;
}
