using System.Text.Json;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>One operator of spatial.json: loss = sum(operator(inputs, fixed) x factors), with PyTorch's gradients of the loss by the inputs.</summary>
internal sealed class SpatialCase(JsonElement golden)
{
    public string Operator => golden.GetProperty("operator").GetString()!;

    public double[][] Inputs { get; } = [.. golden.GetProperty("inputs").EnumerateArray().Select(input => input.Doubles("values"))];

    public double[] Output => golden.Doubles("output");

    public double[][] Gradients => Lists("gradients");

    /// <summary>Of a batch norm in training, mean and variance after the step.</summary>
    public double[][] After => Lists("after");

    public static Dictionary<string, SpatialCase> All() => GoldenFile.Read("Training", "spatial.json").GetProperty("cases")
        .EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!, c => new SpatialCase(c));

    /// <summary>The graph with its gradients as outputs, their names, and those of the statistics after the step; inputs are "input0", "input1".</summary>
    public (OnnxModel Model, IReadOnlyList<string> Gradients, string[] After) Build(int opset)
    {
        var (forward, statistics) = TrainingBatchNorm.Lower(Forward(Math.Max(opset, golden.GetProperty("opset").GetInt32())));
        var builder = GraphBuilder.Over(forward);
        var by = Enumerable.Range(0, Inputs.Length).Select(GradientCase.Input).ToArray();
        var gradients = Differentiation.Gradients(builder, forward, TensorShapes.Infer(forward), "loss", by);
        foreach (string name in gradients.Concat(statistics.Select(statistic => statistic.After)))
        {
            builder.Output(name, ElementType.Float);
        }

        return (builder.Build(), gradients, [.. statistics.Select(statistic => statistic.After)]);
    }

    private OnnxModel Forward(int opset)
    {
        var builder = GraphBuilder.Empty(opset);
        var inputs = new List<string>();
        foreach (var (i, input) in golden.GetProperty("inputs").EnumerateArray().Index())
        {
            inputs.Add(builder.Input(GradientCase.Input(i), ElementType.Float, Longs(input.GetProperty("shape"))));
        }

        foreach (var constant in golden.GetProperty("fixed").EnumerateArray())
        {
            inputs.Add(builder.Reals("fixed", ElementType.Float, constant.Doubles("values"), Longs(constant.GetProperty("shape"))));
        }

        builder.NodeInto("y", Operator, [.. inputs], [.. golden.GetProperty("attributes").EnumerateObject().Select(attribute => (attribute.Name, attribute.Value switch
        {
            { ValueKind: JsonValueKind.Array } list => Longs(list),
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            var number when attribute.Name is "epsilon" or "momentum" => (object)number.GetSingle(),
            var number => number.GetInt32(),
        }))]);
        builder.NodeInto("product", "Mul", ["y", builder.Reals("factors", ElementType.Float, golden.Doubles("factors"), Longs(golden.GetProperty("shape")))]);
        builder.NodeInto("loss", "ReduceSum", ["product"], ("keepdims", 0));
        builder.Output("y", ElementType.Float);
        return builder.Build();
    }

    private double[][] Lists(string name) => [.. golden.GetProperty(name).EnumerateArray().Select(list => list.EnumerateArray().Select(v => v.GetDouble()).ToArray())];

    private static long[] Longs(JsonElement list) => [.. list.EnumerateArray().Select(dim => dim.GetInt64())];
}
