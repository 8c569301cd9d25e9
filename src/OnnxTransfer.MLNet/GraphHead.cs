using OnnxTransfer.Heads;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.MLNet;

/// <summary>A head that was kept as its ONNX graph, run by ONNX Runtime on the CPU.</summary>
internal sealed class GraphHead(
    HeadTask task, int width, int outputs, IReadOnlyList<string> classes, IReadOnlyList<string> valueNames, OnnxModel model) : IHead, IDisposable
{
    private const int BlockRows = 1024;

    private readonly OnnxSession _session = OnnxSession.Open(model, new SessionSettings { Provider = ExecutionProvider.Cpu });

    public HeadTask Task => task;

    public int Width => width;

    public int Outputs => outputs;

    public IReadOnlyList<string> Classes => classes;

    public IReadOnlyList<string> ValueNames => valueNames;

    public Matrix Predict(IRows rows)
    {
        var result = new Matrix(rows.Count, outputs);
        for (int first = 0; first < rows.Count; first += BlockRows)
        {
            float[] block = new float[Math.Min(BlockRows, rows.Count - first) * width];
            for (int i = 0; i < block.Length / width; i++)
            {
                rows[first + i].CopyTo(block.AsSpan(i * width, width));
            }

            Run(block).CopyTo(result.Values.AsSpan(first * outputs));
        }

        return result;
    }

    public void Predict(ReadOnlySpan<float> embedding, Span<float> result) => Run(embedding.ToArray()).CopyTo(result);

    public OnnxModel ToOnnx(int opset = 13) => model.Opset == opset
        ? model
        : throw new FitException($"the head was saved for opset {model.Opset}, and {opset} was asked for; fit it again");

    public void Dispose() => _session.Dispose();

    private float[] Run(float[] values)
    {
        var inputs = new Dictionary<string, TensorValue> { [IHead.EmbeddingName] = TensorValue.Of(values, values.Length / width, width) };
        return _session.Run(inputs)[_session.Outputs[0].Name].Floats;
    }
}
