using System.Runtime.InteropServices;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>What a network of one input and one output [N, k] gives for rows, in their order.</summary>
internal static class PartOutputs
{
    private const int Together = 32;

    /// <summary>N x k outputs.</summary>
    public static Matrix Of(OnnxModel model, ITrainingRows rows, int targetWidth, TrainingSettings settings, CancellationToken cancellation)
    {
        var outputs = new List<float>();
        Visit(model, rows, targetWidth, settings, (values, _, _) => outputs.AddRange(values), cancellation);
        return new(rows.Count, outputs.Count / rows.Count, [.. outputs]);
    }

    /// <summary>The weighted mean of the losses.</summary>
    public static double Loss(OnnxModel model, ITrainingRows rows, int targetWidth, GraphLoss loss, TrainingSettings settings, CancellationToken cancellation)
    {
        double sum = 0, total = 0;
        Visit(model, rows, targetWidth, settings, (values, targets, weights) =>
        {
            for (int i = 0; i < weights.Length; i++)
            {
                sum += weights[i] * loss.Of(values.AsSpan(i * targetWidth, targetWidth), targets.AsSpan(i * targetWidth, targetWidth));
                total += weights[i];
            }
        }, cancellation);
        return sum / total;
    }

    private static void Visit(
        OnnxModel model, ITrainingRows rows, int targetWidth, TrainingSettings settings, Action<float[], float[], float[]> take, CancellationToken cancellation)
    {
        using var session = OnnxSession.Open(model, settings.Session);
        var input = model.Inputs[0];
        long[] item = [.. input.Dimensions!.Skip(1)];
        long width = item.Aggregate(1L, (a, b) => a * b);
        for (int first = 0; first < rows.Count; first += Together)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(Together, rows.Count - first);
            int[] some = [.. Enumerable.Range(first, count)];
            float[] targets = new float[count * targetWidth], weights = new float[count];
            TensorValue fed;
            if (input.ElementType == ElementType.UInt8)
            {
                var pixels = new byte[count * width];
                rows.Fill(0, some, pixels, targets, weights);
                fed = TensorValue.OfBytes(pixels, [count, .. item]);
            }
            else
            {
                var values = new float[count * width];
                rows.Fill(0, some, MemoryMarshal.AsBytes(values.AsSpan()), targets, weights);
                fed = TensorValue.Of(values, [count, .. item]);
            }

            take(session.Run(new Dictionary<string, TensorValue> { [input.Name] = fed })[model.Outputs[0].Name].Floats, targets, weights);
        }
    }
}
