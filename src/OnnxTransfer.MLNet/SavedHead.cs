using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML;
using OnnxTransfer.Heads;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.MLNet;

/// <summary>A head as it stands in a model file: a linear one by its numbers, so that it predicts the same bits again, any other as its ONNX graph.</summary>
internal sealed record SavedHead(
    int Format, string Features, HeadTask Task, Activation? Linear, int Width, int Outputs, IReadOnlyList<string> Classes, IReadOnlyList<string> ValueNames)
{
    public const string Loader = "OnnxTransferHead";
    private const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <exception cref="FitException">The head cannot be written as ONNX.</exception>
    public static void Write(ModelSaveContext context, IHead head, string features)
    {
        var linear = head as LinearHead;
        var saved = new SavedHead(CurrentFormat, features, head.Task, linear?.Activation, head.Width, head.Outputs, head.Classes, head.ValueNames);
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(saved, Json);
        if (linear is null)
        {
            ModelStream.Write(context, Loader, text, head.ToOnnx().ToBytes());
        }
        else
        {
            ModelStream.Write(context, Loader, text, Bytes(linear.Weights), Bytes(linear.Bias));
        }
    }

    public static HeadTransformer Read(object context)
    {
        byte[][] blocks = ModelStream.Read(context);
        var saved = JsonSerializer.Deserialize<SavedHead>(blocks[0], Json)!;
        if (saved.Format != CurrentFormat)
        {
            throw new OnnxTransferException($"Head: the model holds it in format {saved.Format}, this version reads {CurrentFormat}; use the version that wrote it");
        }

        IHead head = saved.Linear is { } activation
            ? new LinearHead(Floats(blocks[1]), Floats(blocks[2]), activation, saved.Classes, saved.ValueNames)
            : new GraphHead(saved.Task, saved.Width, saved.Outputs, saved.Classes, saved.ValueNames, OnnxModel.Parse(blocks[1], "the head of the model"));
        return new HeadTransformer(head, saved.Features);
    }

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static float[] Floats(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();
}
