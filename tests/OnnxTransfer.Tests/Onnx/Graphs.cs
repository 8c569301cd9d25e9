using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Small graphs for tests, and their numbers as the runtime computes them.</summary>
internal static class Graphs
{
    /// <summary>y = relu(x), [N, dims].</summary>
    public static OnnxModel Relu(params long[] dims)
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, [-1, .. dims]);
        builder.NodeInto("y", "Relu", ["x"]);
        builder.Output("y", ElementType.Float, [-1, .. dims]);
        return builder.Build();
    }

    /// <summary>y = x, [N, dims]: what is attached to y is all that is computed.</summary>
    public static OnnxModel Identity(int opset, params long[] dims)
    {
        var builder = GraphBuilder.Empty(opset);
        builder.Input("x", ElementType.Float, [-1, .. dims]);
        builder.NodeInto("y", "Identity", ["x"]);
        builder.Output("y", ElementType.Float, [-1, .. dims]);
        return builder.Build();
    }

    public static TensorValue Run(OnnxModel model, params (string Name, TensorValue Value)[] inputs)
    {
        using var session = OnnxSession.Open(model, new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
        return session.Run(inputs.ToDictionary(i => i.Name, i => i.Value))[model.Outputs[0].Name];
    }

    public static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, float tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(MathF.Abs(expected[i] - found[i]) <= tolerance, $"value {i}: expected {expected[i]}, found {found[i]}");
        }
    }

    /// <summary>Numbers between -1 and 1 that are the same on every machine.</summary>
    public static float[] Floats(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }
}
