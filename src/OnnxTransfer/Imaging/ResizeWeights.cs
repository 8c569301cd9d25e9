namespace OnnxTransfer.Imaging;

/// <summary>
/// Filter weights along one side, for a stretch of the output: Pillow's precompute_coeffs and normalize_coeffs_8bpc
/// (Resample.c, Pillow 9.4) in its order of operations, so that every weight has the same bits.
/// </summary>
internal sealed class ResizeWeights
{
    /// <summary>Fixed point: 32 bits less 8 of the pixel and 2 for overshoot.</summary>
    public const int PrecisionBits = 32 - 8 - 2;

    private double[] _exact = [];

    /// <summary>Output pixels, from the first of the stretch.</summary>
    public int Count { get; private set; }

    /// <summary>Weights reserved for each output pixel.</summary>
    public int Stride { get; private set; }

    /// <summary>First input pixel of each output pixel.</summary>
    public int[] Starts { get; private set; } = [];

    /// <summary>Number of input pixels of each output pixel.</summary>
    public int[] Taps { get; private set; } = [];

    /// <summary>Fixed-point weights, <see cref="Stride"/> for each output pixel, zero beyond its taps.</summary>
    public int[] Values { get; private set; } = [];

    /// <summary>
    /// The same as <see cref="Values"/> for 16-bit multiplication: weight = high * 2^15 + low. Two weights a, b become
    /// two integers, (low b, low a) and (high b, high a).
    /// </summary>
    public int[] Pairs { get; private set; } = [];

    /// <summary>First input pixel that any output pixel of the stretch needs.</summary>
    public int First => Starts[0];

    /// <summary>One beyond the last input pixel needed.</summary>
    public int End => Starts[Count - 1] + Taps[Count - 1];

    /// <summary>Computes the weights of output pixels start to start + count, reusing this object's arrays.</summary>
    public void Fill(int inputSize, int outputSize, Interpolation filter, int start, int count)
    {
        double scale = (double)inputSize / outputSize;
        double filterScale = Math.Max(scale, 1.0);
        double support = (filter == Interpolation.Bilinear ? 1.0 : 2.0) * filterScale;
        double narrowing = 1.0 / filterScale;

        Count = count;
        Stride = (Math.Min(((int)Math.Ceiling(support) * 2) + 1, inputSize) + 3) & ~3;
        Starts = Room(Starts, count);
        Taps = Room(Taps, count);
        Values = Room(Values, checked(count * Stride));
        _exact = Room(_exact, Stride);
        for (int i = 0; i < count; i++)
        {
            double centre = (start + i + 0.5) * scale;
            int first = Math.Max(0, (int)(centre - support + 0.5));
            int taps = Math.Min(inputSize, (int)(centre + support + 0.5)) - first;
            double sum = 0;
            for (int k = 0; k < taps; k++)
            {
                double at = (k + first - centre + 0.5) * narrowing;
                _exact[k] = filter == Interpolation.Bilinear ? Triangle(at) : Cubic(at);
                sum += _exact[k];
            }

            var values = Values.AsSpan(i * Stride, Stride);
            values.Clear();
            for (int k = 0; k < taps; k++)
            {
                double weight = sum == 0 ? _exact[k] : _exact[k] / sum;
                values[k] = (int)((weight < 0 ? -0.5 : 0.5) + (weight * (1 << PrecisionBits)));
            }

            Starts[i] = first;
            Taps[i] = taps;
        }

        Split();
    }

    private void Split()
    {
        Pairs = Room(Pairs, Count * Stride);
        for (int i = 0; i < Count * Stride; i += 2)
        {
            int a = Values[i], b = Values[i + 1];
            Pairs[i] = (a & 0x7FFF) | ((b & 0x7FFF) << 16);
            Pairs[i + 1] = ((a >> 15) & 0xFFFF) | ((b >> 15) << 16);
        }
    }

    private static double Triangle(double x)
    {
        x = Math.Abs(x);
        return x < 1.0 ? 1.0 - x : 0.0;
    }

    private static double Cubic(double x)
    {
        const double A = -0.5;
        x = Math.Abs(x);
        return x < 1.0 ? ((((A + 2.0) * x) - (A + 3.0)) * x * x) + 1
            : x < 2.0 ? ((((((x - 5) * x) + 8) * x) - 4) * A)
            : 0.0;
    }

    private static T[] Room<T>(T[] array, int length) => array.Length >= length ? array : new T[length];
}
