using System.Text.Json;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>Rules against PyTorch's gradients in operators.json: loss = sum(outputs x factors).</summary>
public sealed class OperatorGradientTests
{
    public static TheoryData<string> Names => [.. Golden().Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Equals_pytorchs_gradient(string name)
    {
        var golden = Golden()[name];
        foreach (int opset in new[] { 13, 18, 21 }.Where(opset => opset >= golden.GetProperty("since").GetInt32()))
        {
            var (builder, inputs) = Forward(golden, opset);
            var forward = builder.Build();
            var over = GraphBuilder.Over(forward);
            var gradients = Differentiation.Gradients(over, forward, TensorShapes.Infer(forward), "loss", [.. inputs.Keys]);
            foreach (string gradient in gradients)
            {
                over.Output(gradient);
            }

            using var run = new GraphRun(over.Build(), ElementType.Float);
            foreach (var (input, values) in inputs)
            {
                run.Feed(input, values);
            }

            run.Run();
            Assert.All(golden.GetProperty("outputs").EnumerateArray().Index(), output => Near(output.Item.Doubles("values"), run.Read($"y{output.Index}")));
            Assert.Equal(gradients.Count, golden.GetProperty("gradients").GetArrayLength());
            Assert.All(golden.GetProperty("gradients").EnumerateArray().Zip(gradients),
                pair => Near([.. pair.First.EnumerateArray().Select(v => v.GetDouble())], run.Read(pair.Second)));
        }
    }

    private static (GraphBuilder Builder, Dictionary<string, double[]> Inputs) Forward(JsonElement golden, int opset)
    {
        var builder = GraphBuilder.Empty(opset);
        var fed = new Dictionary<string, double[]>();
        List<string> inputs = [.. golden.GetProperty("inputs").EnumerateArray().Select(input => Input(builder, input, fed))];
        var attributes = new List<(string, object)>();
        foreach (var attribute in golden.GetProperty("attributes").EnumerateObject())
        {
            if (attribute.Name == "axes" && opset >= 18)
            {
                inputs.Add(builder.Longs("axes", Longs(attribute.Value), attribute.Value.GetArrayLength()));
                continue;
            }

            attributes.Add((attribute.Name, attribute.Value switch
            {
                { ValueKind: JsonValueKind.Array } list => Longs(list),
                { ValueKind: JsonValueKind.String } text => text.GetString()!,
                var number when attribute.Name is "alpha" or "beta" => number.GetSingle(),
                var number => number.GetInt32(),
            }));
        }

        JsonElement[] outputs = [.. golden.GetProperty("outputs").EnumerateArray()];
        builder.NodeInto("y0", golden.GetProperty("operator").GetString()!, [.. inputs], [.. attributes]);
        var node = builder.Build().Graph.Node[^1];
        node.Output.AddRange(Enumerable.Range(1, outputs.Length - 1).Select(i => builder.Reserve($"y{i}")));
        string[] sums = [.. outputs.Select((output, i) =>
        {
            builder.Output($"y{i}");
            long[] shape = Longs(output.GetProperty("shape"));
            return builder.Node("ReduceSum", [builder.Node("Mul", [$"y{i}", builder.Reals("factors", ElementType.Float, output.Doubles("factors"), shape)], "product")], "sum", ("keepdims", 0));
        })];
        builder.NodeInto("loss", "Sum", sums);
        builder.Output("loss");
        return (builder, fed);
    }

    private static string Input(GraphBuilder builder, JsonElement input, Dictionary<string, double[]> fed)
    {
        if (input.TryGetProperty("longs", out var longs))
        {
            return builder.Longs("longs", Longs(longs), longs.GetArrayLength());
        }

        if (input.TryGetProperty("constant", out _))
        {
            double[] values = input.Doubles("constant");
            return builder.Reals("constant", ElementType.Float, values, values.Length == 1 ? [] : [values.Length]);
        }

        if (input.TryGetProperty("bools", out _))
        {
            return builder.Constant("condition", ElementType.Bool, Array.ConvertAll(input.Doubles("bools"), value => (byte)value), Longs(input.GetProperty("shape")));
        }

        if (!input.TryGetProperty("values", out _))
        {
            return "";
        }

        string name = builder.Input($"input{fed.Count}", ElementType.Float, Longs(input.GetProperty("shape")));
        fed[name] = input.Doubles("values");
        return name;
    }

    private static long[] Longs(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt64())];

    private static Dictionary<string, JsonElement> Golden() => GoldenFile.Read("Training", "operators.json").GetProperty("cases")
        .EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!);

    private static void Near(double[] expected, double[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * Math.Max(1, Math.Abs(pair.First))));
    }
}
