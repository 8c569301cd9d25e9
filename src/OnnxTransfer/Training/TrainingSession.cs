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
    private readonly OnnxSession? _updating;
    private readonly StepBuffers _buffers;
    private readonly StepBuffers _update;

    private TrainingSession(StepGraph graph, OnnxSession session, OnnxSession? updating)
    {
        (_graph, _session, _updating) = (graph, session, updating);

        // The graph of the update knows all that is carried but statistics; that of a part shares it.
        _update = updating?.CreateStepBuffers(graph.Moved) ?? session.CreateStepBuffers(graph.Carried);
        _buffers = updating is null ? _update : session.CreateStepBuffers(graph.Carried, _update);
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

        foreach (string name in graph.Carried.Keys.Union(graph.Moved.Keys).Where(name => !graph.Weights.ContainsKey(name)))
        {
            _buffers.Write<byte>(name, new byte[Length(name)]);
        }
    }

    /// <summary>Loads a step graph; weights are those of its forward graph, states zeros.</summary>
    /// <exception cref="InferenceException">ONNX Runtime refuses the graph, or its provider does not work here.</exception>
    public static TrainingSession Open(StepGraph graph, SessionSettings settings)
    {
        settings = settings with { BatchSize = 0, CudaBatchSize = 0 };
        var model = settings.Provider == ExecutionProvider.Cpu ? graph.ForCpu() : graph.Model;
        var session = OnnxSession.Open(model, settings);
        OnnxSession? updating = null;
        try
        {
            updating = graph.Update is null ? null : OnnxSession.Open(graph.Update, settings);
            return new TrainingSession(graph, session, updating);
        }
        catch
        {
            updating?.Dispose();
            session.Dispose();
            throw;
        }
    }

    /// <summary>Steps done so far.</summary>
    public long Steps { get; set; }

    /// <summary>The names of the trainable weights and running statistics.</summary>
    public IEnumerable<string> Weights => _graph.Weights.Keys;

    /// <summary>The names of all that the next step depends on: those and the optimiser's states.</summary>
    public IEnumerable<string> State => _graph.Update is null ? _graph.Carried.Keys : Weights.Union(_graph.Moved.Keys.Except(_graph.Carried.Keys));

    /// <summary>The values of an input of the forward graph: to be filled before a step.</summary>
    public Span<T> Input<T>(string name)
        where T : unmanaged => _buffers.Input<T>(name);

    /// <summary>The same as they lie in memory, whatever their type.</summary>
    public Span<byte> InputBytes(string name) => _buffers.InputBytes(name);

    /// <summary>Does one step of a graph that is whole; returns the loss before it.</summary>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    public double Step(double learningRate)
    {
        Tell(learningRate);
        return Part();
    }

    /// <summary>Runs a part of a step of a graph in parts; returns its part of the loss.</summary>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    public double Part()
    {
        _session.Run(_buffers);
        return IsDouble ? _buffers.Output<double>(_graph.Loss)[0] : _buffers.Output<float>(_graph.Loss)[0];
    }

    /// <summary>Moves the weights by the sum of the parts' gradients.</summary>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    public void Move(double learningRate)
    {
        Tell(learningRate);
        _updating!.Run(_update);
    }

    /// <summary>Bytes of a weight, state or statistic.</summary>
    public int Length(string name) => checked((int)_buffers.Memory.Length(name));

    /// <summary>A weight, state or statistic as the last step left it.</summary>
    public void Read<T>(string name, Span<T> values)
        where T : unmanaged => _buffers.Read(name, values);

    /// <summary>Sets a weight, state or statistic for the next step.</summary>
    public void Write<T>(string name, ReadOnlySpan<T> values)
        where T : unmanaged => _buffers.Write(name, values);

    /// <summary>Unloads it all.</summary>
    public void Dispose()
    {
        if (_buffers != _update)
        {
            _buffers.Dispose();
        }

        _update.Dispose();
        _updating?.Dispose();
        _session.Dispose();
    }

    private bool IsDouble => (ElementType)_graph.Weights.Values.First().DataType == ElementType.Double;

    private void Tell(double learningRate)
    {
        _update.Input<double>(StepGraph.LearningRate)[0] = learningRate;
        _update.Input<double>(StepGraph.StepNumber)[0] = ++Steps;
    }
}
