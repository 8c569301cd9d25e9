using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training;

/// <summary>
/// A step graph in the runtime, its weights and the optimiser's states in bound buffers that change places after every step:
/// on CUDA they never visit the host in between. Nothing is allocated per step.
/// </summary>
internal sealed class TrainingSession : IDisposable
{
    private readonly StepGraph _graph;
    private readonly OnnxSession _session;
    private readonly StepBuffers _buffers;
    private long _steps;

    private TrainingSession(StepGraph graph, OnnxSession session)
    {
        (_graph, _session) = (graph, session);
        _buffers = session.CreateStepBuffers(graph.Carried);
        foreach (var (name, weight) in graph.Weights)
        {
            if ((ElementType)weight.DataType == ElementType.Double)
            {
                _buffers.Write<double>(name, TensorData.Doubles(weight)!);
            }
            else
            {
                _buffers.Write<float>(name, TensorData.Floats(weight)!);
            }
        }

        foreach (string state in graph.Carried.Keys.Where(name => !graph.Weights.ContainsKey(name)))
        {
            Clear(state);
        }
    }

    /// <summary>Loads a step graph; weights are those of its forward graph, states zeros.</summary>
    /// <exception cref="InferenceException">ONNX Runtime refuses the graph, or its provider does not work here.</exception>
    public static TrainingSession Open(StepGraph graph, SessionSettings settings)
    {
        var session = OnnxSession.Open(graph.Model, settings with { BatchSize = 0, CudaBatchSize = 0 });
        try
        {
            return new TrainingSession(graph, session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>The values of an input of the forward graph: to be filled before a step.</summary>
    public Span<T> Input<T>(string name)
        where T : unmanaged => _buffers.Input<T>(name);

    /// <summary>The same as they lie in memory, whatever their type.</summary>
    public Span<byte> InputBytes(string name) => _buffers.InputBytes(name);

    /// <summary>Does one step; returns the loss before it.</summary>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    public double Step(double learningRate)
    {
        _buffers.Input<double>(StepGraph.LearningRate)[0] = learningRate;
        _buffers.Input<double>(StepGraph.StepNumber)[0] = ++_steps;
        _session.Run(_buffers);
        return IsDouble ? _buffers.Output<double>(_graph.Loss)[0] : _buffers.Output<float>(_graph.Loss)[0];
    }

    /// <summary>The names of the trainable weights and running statistics.</summary>
    public IEnumerable<string> Weights => _graph.Weights.Keys;

    /// <summary>Bytes of a weight, state or statistic.</summary>
    public int Length(string name) => checked((int)_buffers.Memory.Length(name));

    /// <summary>A trainable weight as the last step left it.</summary>
    public void Read<T>(string weight, Span<T> values)
        where T : unmanaged => _buffers.Read(weight, values);

    /// <summary>Unloads it all.</summary>
    public void Dispose()
    {
        _buffers.Dispose();
        _session.Dispose();
    }

    private bool IsDouble => (ElementType)_graph.Weights.Values.First().DataType == ElementType.Double;

    private void Clear(string state)
    {
        long count = _graph.Model.Input(state).Dimensions!.Aggregate(1L, (a, b) => a * b);
        if (IsDouble)
        {
            _buffers.Write<double>(state, new double[count]);
        }
        else
        {
            _buffers.Write<float>(state, new float[count]);
        }
    }
}
