using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Training;

/// <summary>A graph of fixed shapes in the runtime, fed and read in float64 whatever its own type.</summary>
internal sealed class GraphRun : IDisposable
{
    private readonly OnnxSession _session;
    private readonly StepBuffers _buffers;
    private readonly bool _isDouble;

    public GraphRun(OnnxModel model, ElementType type)
    {
        _isDouble = type == ElementType.Double;
        _session = OnnxSession.Open(model, new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
        _buffers = _session.CreateStepBuffers(new Dictionary<string, string>());
    }

    public void Feed(string input, double[] values)
    {
        if (_isDouble)
        {
            values.CopyTo(_buffers.Input<double>(input));
        }
        else
        {
            Array.ConvertAll(values, value => (float)value).CopyTo(_buffers.Input<float>(input));
        }
    }

    public void Run() => _session.Run(_buffers);

    public double[] Read(string output) => _isDouble
        ? _buffers.Output<double>(output).ToArray()
        : Array.ConvertAll(_buffers.Output<float>(output).ToArray(), value => (double)value);

    public void Dispose()
    {
        _buffers.Dispose();
        _session.Dispose();
    }
}
