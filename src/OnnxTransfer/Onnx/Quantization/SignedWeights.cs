using System.Runtime.InteropServices;

namespace OnnxTransfer.Onnx.Quantization;

/// <summary>
/// Weights as signed bytes, a scale for every output channel and 0 at 0 (Krishnamoorthi 2018, arXiv:1806.08342, section 3):
/// a per-channel scale costs nothing, since every output channel is a sum of its own.
/// </summary>
internal sealed class SignedWeights
{
    // A bias is a 32-bit integer in steps of scale x input's scale; this much of its range is used at most.
    private const double LargestBias = 1 << 30;

    private SignedWeights(sbyte[] values, float[] scales) => (Values, Scales) = (values, scales);

    /// <summary>The weights in the order they were given in.</summary>
    public sbyte[] Values { get; }

    /// <summary>One scale for each output channel.</summary>
    public float[] Scales { get; }

    /// <summary>The bytes of <see cref="Values"/>.</summary>
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes<sbyte>(Values);

    /// <summary>
    /// Rounds <paramref name="weights"/>, whose output channel is (index / <paramref name="stride"/>) modulo the channels.
    /// </summary>
    /// <param name="weights">The weights.</param>
    /// <param name="channels">Output channels.</param>
    /// <param name="stride">Weights between one output channel and the next.</param>
    /// <param name="levels">127; or 64, with which sums of two products fit 16 bits.</param>
    /// <param name="bias">Of each channel, or empty; a channel whose bias would overflow gets a larger scale.</param>
    /// <param name="inputScale">The scale of the activations that are multiplied.</param>
    public static SignedWeights Of(float[] weights, int channels, int stride, int levels, double[] bias, double inputScale)
    {
        var largest = new float[channels];
        for (var i = 0; i < weights.Length; i++)
        {
            ref var most = ref largest[i / stride % channels];
            most = Math.Max(most, Math.Abs(weights[i]));
        }

        var scales = new float[channels];
        for (var c = 0; c < channels; c++)
        {
            var least = bias.Length == 0 ? 0 : Math.Abs(bias[c]) / (inputScale * LargestBias);
            var scale = (float)Math.Max((double)largest[c] / levels, least);
            scales[c] = float.IsNormal(scale) ? scale : 1;
        }

        var values = new sbyte[weights.Length];
        for (var i = 0; i < weights.Length; i++)
        {
            values[i] = (sbyte)Math.Clamp(Math.Round((double)weights[i] / scales[i / stride % channels]), -levels, levels);
        }

        return new(values, scales);
    }
}
