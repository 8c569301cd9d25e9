using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>Runs what a description says, so that an import that succeeds is known to run.</summary>
internal static class TrialRun
{
    // Other batch sizes may sum in another order; half precision keeps 3 digits.
    private const float Tolerance = 1e-3f;
    private const float HalfTolerance = 3e-2f;

    /// <summary>
    /// All taps of the same image alone and before a second one, in the description's batch where that is fixed. Returns
    /// what is wrong with widths or numbers, or null; what the runtime refuses while batches are not fixed is wrong too.
    /// </summary>
    /// <exception cref="InferenceException">ONNX Runtime cannot run the file with the batch it has.</exception>
    public static OnnxTransferException? Of(OnnxModel model, CatalogueEntry entry)
    {
        var description = entry.Description;
        var input = description.Input;
        var taps = TapChoice.Of(description, new BackboneSettings { Taps = [.. description.Taps.Select(t => t.Name)] });
        try
        {
            var graph = TapGraph.Of(model, entry, taps, Precision.Fp32);
            using var session = OnnxSession.Open(graph, new SessionSettings { Provider = ExecutionProvider.Cpu });
            var counts = input.Batch > 0 ? new[] { input.Batch, input.Batch } : [1, 2];
            var half = graph.Graph.Initializer.Any(t => (ElementType)t.DataType == ElementType.Float16);
            var runs = counts.Select(count => session.Run(new Dictionary<string, TensorValue> { [PixelInput.Name] = Pixels(count, input) })).ToArray();
            foreach (var tap in taps)
            {
                var (one, two) = (runs[0][tap.OutputName], runs[1][tap.OutputName]);
                if (!one.Shape.SequenceEqual([counts[0], tap.Width]) || !two.Shape.SequenceEqual([counts[1], tap.Width]))
                {
                    return new BackboneException($"{model.Source}: tap '{tap.Name}' ({tap.Tensor}) gives [{string.Join(", ", one.Shape)}] for {counts[0]} image(s) and [{string.Join(", ", two.Shape)}] "
                        + $"for {counts[1]}; expected rows of {tap.Width}: leave it out, or export the network with a dynamic batch");
                }

                if (one.Floats.AsSpan(0, tap.Width).IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) >= 0)
                {
                    return new BackboneException($"{model.Source}: tap '{tap.Name}' ({tap.Tensor}) gives numbers that are not finite for an ordinary image; "
                        + "expected finite ones: look at its weights, and at mean and std, or export it again in float32");
                }

                if (Differ(one.Floats.AsSpan(0, tap.Width), two.Floats.AsSpan(0, tap.Width), half ? HalfTolerance : Tolerance))
                {
                    return new BackboneException($"{model.Source}: tap '{tap.Name}' ({tap.Tensor}) gives an image other numbers when another is beside it in the batch; "
                        + "expected the same: export the network with a dynamic batch, in evaluation mode");
                }
            }

            return null;
        }
        catch (InferenceException refused) when (input.Batch == 0)
        {
            return refused;
        }
    }

    /// <summary>Pixels that are not all alike; the first image is the same for every count.</summary>
    private static TensorValue Pixels(int count, InputDescription input)
    {
        var pixels = new byte[checked(count * input.Height * input.Width * 3)];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)((i * 31L) + (i / 97) + (i % 13 * 7));
        }

        return TensorValue.OfBytes(pixels, count, input.Height, input.Width, 3);
    }

    private static bool Differ(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, float tolerance)
    {
        var largest = 0f;
        foreach (var value in expected)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        for (var i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - found[i]) <= tolerance * largest))
            {
                return true;
            }
        }

        return false;
    }
}
