using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>A perceptron 6 -> 8 -> 3 and rows of three classes that it can tell apart.</summary>
internal static class SmallNetwork
{
    public const int Width = 6, Hidden = 8, Classes = 3;

    public static TrainableNetwork Build(double decay = 0, double firstRate = 1)
    {
        var random = new SeededRandom(3);
        var builder = GraphBuilder.Empty(name: "small network");
        builder.Input("x", ElementType.Float, -1, Width);
        string w1 = builder.Floats("w1", Drawn(Hidden * Width), Hidden, Width), b1 = builder.Floats("b1", Drawn(Hidden), Hidden);
        string w2 = builder.Floats("w2", Drawn(Classes * Hidden), Classes, Hidden), b2 = builder.Floats("b2", Drawn(Classes), Classes);
        string hidden = builder.Node("Relu", [builder.Node("Gemm", ["x", w1, b1], "sums", ("transB", 1))], "hidden");
        builder.NodeInto("outputs", "Gemm", [hidden, w2, b2], ("transB", 1));
        builder.Output("outputs", ElementType.Float, -1, Classes);
        return new(builder.Build(), [new(w1, decay, firstRate), new(b1, 0, firstRate), new(w2, decay), new(b2)]);

        float[] Drawn(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(0.3 * random.NextGaussian()))];
    }

    /// <summary>Rows around three corners.</summary>
    public static ArrayRows Rows(int count, long seed = 1, double noise = 0.7)
    {
        var random = new SeededRandom(seed);
        float[] inputs = new float[count * Width], targets = new float[count * Classes];
        for (int i = 0; i < count; i++)
        {
            int label = random.NextInt(Classes);
            targets[(i * Classes) + label] = 1;
            for (int j = 0; j < Width; j++)
            {
                inputs[(i * Width) + j] = (float)((j % Classes == label ? 1 : 0) + (noise * random.NextGaussian()));
            }
        }

        return new(inputs, targets, count);
    }
}
