using OnnxTransfer.Heads;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Heads;

/// <summary>A head as ONNX Runtime answers for it.</summary>
internal static class ExportedHead
{
    public static float[] Predict(IHead head, IRows rows, int opset = 13)
    {
        using var session = OnnxSession.Open(head.ToOnnx(opset), new SessionSettings { Provider = ExecutionProvider.Cpu });
        float[] values = [.. Enumerable.Range(0, rows.Count).SelectMany(i => rows[i].ToArray())];
        string output = head.Task == HeadTask.Values ? IHead.ValueName : IHead.ProbabilitiesName;
        var inputs = new Dictionary<string, TensorValue> { [IHead.EmbeddingName] = TensorValue.Of(values, rows.Count, rows.Width) };
        return session.Run(inputs, [output])[output].Floats;
    }
}
