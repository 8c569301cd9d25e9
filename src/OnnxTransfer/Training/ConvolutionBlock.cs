using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training;

/// <summary>How many channels a block of ONNX Runtime's own layout has on this processor: found by trying, as no function tells.</summary>
internal static class ConvolutionBlock
{
    private static readonly Lazy<int> Found = new(() => Array.Find([16, 8], Works));

    /// <summary>16 with AVX-512, 8 with AVX; 0 where this build of ONNX Runtime has no such layout.</summary>
    public static int Size => Found.Value;

    // Small whole numbers: whatever the order of the sums, they are exact, and another block's size gives others.
    private static bool Works(int block)
    {
        long[] shape = [32, 32, 3, 3];
        var random = new SeededRandom(1);
        float[] weights = Drawn(32 * 32 * 9), values = Drawn(32 * 25);
        var builder = GraphBuilder.Empty(13, "convolution block");
        builder.Input("x", ElementType.Float, 1, 32, 5, 5);
        builder.Input("w", ElementType.Float, shape);
        builder.NodeInto("y", "Conv", ["x", "w"], ("pads", new long[] { 1, 1, 1, 1 }));
        builder.Output("y", ElementType.Float, 1, 32, 5, 5);
        var plain = builder.Build();
        try
        {
            return Run(plain).AsSpan().SequenceEqual(Run(BlockedConvolutions.In(plain, block)));
        }
        catch (InferenceException)
        {
            return false; // ONNX Runtime's words for "there is no such operator, or it wants other blocks"
        }

        float[] Run(OnnxModel model)
        {
            using var session = OnnxSession.Open(model, new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
            return session.Run(new Dictionary<string, TensorValue> { ["x"] = TensorValue.Of(values, 1, 32, 5, 5), ["w"] = TensorValue.Of(weights, shape) })["y"].Floats;
        }

        float[] Drawn(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)random.NextInt(5) - 2)];
    }
}
