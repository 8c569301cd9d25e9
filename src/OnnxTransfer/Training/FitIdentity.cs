using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training;

/// <summary>
/// What a training is, for its checkpoint: all that its weights follow from, by name. Threads and provider are left out: on
/// others it may go on, though not to the same bits.
/// </summary>
internal static class FitIdentity
{
    /// <summary>Names and values; graphs and rows by their SHA-256, of the rows the first and the last.</summary>
    public static IReadOnlyDictionary<string, string> Of(
        TrainableNetwork network, ForwardGraph forward, StepGraph step, ITrainingRows train, ITrainingRows? validation, TrainingSettings settings, string data) => new Dictionary<string, string>
        {
            ["network"] = Hash(network.Model),
            ["rows"] = Rows(train, network, forward),
            ["validation rows"] = validation is null ? "none" : Rows(validation, network, forward),
            ["data"] = data.Length > 0 ? data : "not told",
            ["Seed"] = $"{settings.Seed}",
            ["BatchSize"] = $"{settings.BatchSize}",
            ["MicroBatch"] = $"{settings.MicroBatch}",
            ["LearningRate"] = settings.LearningRate.ToString("R", CultureInfo.InvariantCulture),
            ["Schedule"] = $"{settings.Schedule.Over(settings.Epochs)}",
            ["Optimizer"] = settings.Optimizer.GetType().Name,
            ["ClipNorm"] = settings.ClipNorm?.ToString("R", CultureInfo.InvariantCulture) ?? "none",
            ["LabelSmoothing"] = settings.LabelSmoothing.ToString("R", CultureInfo.InvariantCulture),
            ["step (weights, their rates and decay, and the loss)"] = Hash(step.Model, step.Update),
        };

    private static string Hash(params ReadOnlySpan<OnnxModel?> models)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var model in models)
        {
            foreach (var part in (IEnumerable<IMessage>)[.. model?.Graph.Node ?? [], .. model?.Graph.Input ?? [], .. model?.Graph.Output ?? []])
            {
                hash.AppendData(part.ToByteArray());
            }

            foreach (var weight in model?.Graph.Initializer ?? [])
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"{weight.Name}[{string.Join(',', weight.Dims)}]"));
                hash.AppendData(weight.HasRawData ? weight.RawData.Span : weight.ToByteArray());
                GC.KeepAlive(weight);
            }
        }

        return Text(hash);
    }

    private static string Rows(ITrainingRows rows, TrainableNetwork network, ForwardGraph forward)
    {
        var type = TensorShapes.Infer(network.Model)[forward.Input]!;
        var input = new byte[type.Count * (type.ElementType == ElementType.UInt8 ? 1 : sizeof(float))];
        float[] targets = new float[forward.Width], weights = new float[1];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (int row in new[] { 0, rows.Count - 1 })
        {
            rows.Fill(0, [row], input, targets, weights);
            hash.AppendData(input);
            hash.AppendData(MemoryMarshal.AsBytes<float>(targets));
            hash.AppendData(MemoryMarshal.AsBytes<float>(weights));
        }

        return $"{rows.Count}, {Text(hash)}";
    }

    private static string Text(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
}
