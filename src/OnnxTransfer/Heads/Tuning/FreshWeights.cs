using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>First weights, drawn as PyTorch and torchvision draw them.</summary>
internal static class FreshWeights
{
    /// <summary>
    /// Of a convolution: normal with deviation √(2 / n), n = outputs x places of the kernel (He et al. 2015 for networks of ReLUs, in
    /// the form of torchvision's ResNet and VGG: torch.nn.init.kaiming_normal_ with mode="fan_out", nonlinearity="relu").
    /// </summary>
    /// <param name="shape">[O, I / groups, ...].</param>
    /// <param name="random">What they are drawn from.</param>
    public static float[] Kaiming(IReadOnlyList<long> shape, SeededRandom random)
    {
        long places = shape.Skip(2).Aggregate(1L, (a, b) => a * b);
        double deviation = Math.Sqrt(2.0 / (shape[0] * places));
        return Drawn(shape.Aggregate(1L, (a, b) => a * b), () => deviation * random.NextGaussian());
    }

    /// <summary>Of a layer each output of which is a sum over <paramref name="inputs"/> values, weights and bias alike: even in ±1/√inputs (torch.nn.Linear, torch.nn.Conv2d).</summary>
    public static float[] Linear(long count, long inputs, SeededRandom random)
    {
        double bound = 1 / Math.Sqrt(inputs);
        return Drawn(count, () => bound * ((2 * random.NextDouble()) - 1));
    }

    /// <summary>The same number everywhere.</summary>
    public static float[] All(long count, float value)
    {
        float[] values = new float[count];
        Array.Fill(values, value);
        return values;
    }

    private static float[] Drawn(long count, Func<double> draw)
    {
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)draw();
        }

        return values;
    }
}
