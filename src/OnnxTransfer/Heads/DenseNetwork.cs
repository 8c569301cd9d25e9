using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>Layers one after another, with max(x, 0) between them: what a perceptron computes before its last activation.</summary>
internal sealed class DenseNetwork(IReadOnlyList<DenseLayer> layers)
{
    /// <summary>Rows computed at a time: their values between layers stay in the cache.</summary>
    public const int BlockRows = 64;

    public int Width => layers[0].Inputs;

    public int Outputs => layers[^1].Outputs;

    /// <summary>Memory for the values between layers of up to so many rows, for one thread.</summary>
    public float[][] Scratch(int rows) => [.. layers.SkipLast(1).Select(layer => new float[rows * layer.Outputs])];

    /// <summary><paramref name="outputs"/> [n, k] of <paramref name="rows"/> [n, D]; a row's result does not depend on the others.</summary>
    public void Forward(ReadOnlySpan<float> rows, Span<float> outputs, float[][] scratch)
    {
        int count = rows.Length / Width;
        for (int i = 0; i < layers.Count; i++)
        {
            var layer = layers[i];
            bool isLast = i == layers.Count - 1;
            var results = isLast ? outputs : scratch[i].AsSpan(0, count * layer.Outputs);
            FloatProducts.Multiply(rows, layer.Weights, layer.Inputs, results);
            for (int row = 0; row < count; row++)
            {
                AddBias(results.Slice(row * layer.Outputs, layer.Outputs), layer.Bias, isLast ? float.NegativeInfinity : 0);
            }

            rows = results;
        }
    }

    private static void AddBias(Span<float> values, float[] bias, float lowest)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Math.Max(values[i] + bias[i], lowest);
        }
    }
}
