namespace OnnxTransfer.Onnx.Quantization;

/// <summary>Converts float32 networks to int8 inside: static quantisation in ONNX's QuantizeLinear and DequantizeLinear.</summary>
public static class Int8Precision
{
    /// <summary>
    /// The network of <paramref name="plan"/> with bytes where the plan says so: weights signed, a scale for each output
    /// channel, 0 at 0; activations unsigned, 256 steps over their range; biases 32-bit integers. Inputs and outputs keep
    /// names and types: an output inside the network is what its bytes say. ONNX Runtime fuses every layer with the
    /// QuantizeLinear and DequantizeLinear around it.
    /// </summary>
    /// <param name="plan">What is converted.</param>
    /// <param name="ranges">The range of every tensor of <see cref="Int8Plan.Observed"/>.</param>
    /// <param name="reduceRange">
    /// Weights of 7 bits: processors with AVX2 or AVX-512 but without VNNI add two products in 16 bits, which 8 bits overflow.
    /// </param>
    /// <exception cref="OnnxException">A range is missing or not finite.</exception>
    public static OnnxModel Convert(Int8Plan plan, IReadOnlyDictionary<string, ValueRange> ranges, bool reduceRange = false)
    {
        foreach (var tensor in plan.Observed)
        {
            if (!ranges.TryGetValue(tensor, out var range) || !double.IsFinite(range.Low) || !double.IsFinite(range.High) || range.Low > range.High)
            {
                throw new OnnxException($"{plan.Model.Source}: tensor '{tensor}' has {(ranges.ContainsKey(tensor) ? FormattableString.Invariant($"the range {range.Low} to {range.High}") : "no range")}; "
                    + "expected finite values: calibrate on images that the network gives finite numbers for");
            }
        }

        var builder = GraphBuilder.Over(plan.Model);
        new Int8Conversion(builder, plan, ranges, reduceRange).Run();
        return Cut.At(builder.Build(), [.. plan.Model.Outputs.Select(o => o.Name)]);
    }
}
