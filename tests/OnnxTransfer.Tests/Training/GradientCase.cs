using System.Text.Json;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>One operator of gradients.json: loss = sum(operator(inputs) x factors), with PyTorch's gradients of the loss by the inputs.</summary>
internal sealed class GradientCase(JsonElement golden)
{
    public string Operator => golden.GetProperty("operator").GetString()!;

    public double[][] Inputs { get; } = [.. golden.GetProperty("inputs").EnumerateArray().Select(input => input.Doubles("values"))];

    public double[] Output => golden.Doubles("output");

    public double[][] Gradients => [.. golden.GetProperty("gradients").EnumerateArray().Select(g => g.EnumerateArray().Select(v => v.GetDouble()).ToArray())];

    public static string Input(int index) => $"input{index}";

    /// <summary>The graph with its gradients as outputs, and their names; inputs are "input0", "input1".</summary>
    public (OnnxModel Model, IReadOnlyList<string> Gradients) Build(ElementType type, int opset = 13)
    {
        var forward = Forward(type, opset);
        var builder = GraphBuilder.Over(forward);
        var by = Enumerable.Range(0, Inputs.Length).Select(Input).ToArray();
        var gradients = Differentiation.Gradients(builder, forward, TensorShapes.Infer(forward), "loss", by);
        foreach (string gradient in gradients)
        {
            builder.Output(gradient, type);
        }

        return (builder.Build(), gradients);
    }

    private OnnxModel Forward(ElementType type, int opset)
    {
        var builder = GraphBuilder.Empty(opset);
        var inputs = new List<string>();
        foreach (var (i, input) in golden.GetProperty("inputs").EnumerateArray().Index())
        {
            inputs.Add(builder.Input(Input(i), type, Shape(input.GetProperty("shape"))));
        }

        var attributes = new List<(string, object)>();
        foreach (var attribute in golden.GetProperty("attributes").EnumerateObject())
        {
            if (attribute.Value.ValueKind == JsonValueKind.Array && opset >= 18)
            {
                inputs.Add(builder.Longs(attribute.Name, Shape(attribute.Value), attribute.Value.GetArrayLength()));
            }
            else if (attribute.Name is "low" or "high")
            {
                inputs.Add(builder.Reals(attribute.Name, type, [attribute.Value.GetDouble()]));
            }
            else
            {
                attributes.Add((attribute.Name, attribute.Value switch
                {
                    { ValueKind: JsonValueKind.Array } list => Shape(list),
                    var number when attribute.Name is "alpha" or "beta" => number.GetSingle(),
                    var number => number.GetInt32(),
                }));
            }
        }

        foreach (var list in golden.GetProperty("lists").EnumerateArray())
        {
            inputs.Add(builder.Longs("axes", Shape(list), list.GetArrayLength()));
        }

        builder.NodeInto("y", Operator, [.. inputs], [.. attributes]);
        builder.NodeInto("product", "Mul", ["y", builder.Reals("factors", type, golden.Doubles("factors"), Shape(golden.GetProperty("shape")))]);
        builder.NodeInto("loss", "ReduceSum", ["product"], ("keepdims", 0));
        builder.Output("y", type);
        builder.Output("loss", type);
        return builder.Build();
    }

    private static long[] Shape(JsonElement list) => [.. list.EnumerateArray().Select(dim => dim.GetInt64())];
}
