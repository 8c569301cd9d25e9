using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Inference;

/// <summary>
/// A run some of whose inputs stay the same: they are copied once to where the session computes, on a GPU to its memory, and
/// stay there. The outputs go to given tensors. A model that reads its own results again is run on <see cref="StepBuffers"/>.
/// </summary>
/// <remarks>On the processor (copiesInputs false) a bound tensor's own memory is what runs, and is kept.</remarks>
internal sealed class BoundRun : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options;
    private readonly OrtIoBinding _binding;
    private readonly Func<OnnxRuntimeException, InferenceException> _failed;
    private readonly Dictionary<string, OrtValue> _values = [];

    public BoundRun(
        InferenceSession session, RunOptions options, bool copiesInputs, IReadOnlyDictionary<string, TensorValue> resident,
        IReadOnlyDictionary<string, TensorValue> outputs, Func<OnnxRuntimeException, InferenceException> failed)
    {
        (_session, _options, _failed) = (session, options, failed);
        _binding = session.CreateIoBinding();
        try
        {
            Bind(resident);
            if (copiesInputs)
            {
                _binding.SynchronizeBoundInputs();
                Release(); // the copies on the device stay bound; the host's memory is free
            }

            foreach (var (name, output) in outputs)
            {
                _values[name] = output.ToRuntime();
                _binding.BindOutput(name, _values[name]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Runs with the remaining inputs, which are copied anew; the outputs' tensors hold the results.</summary>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    public void Run(IReadOnlyDictionary<string, TensorValue> inputs)
    {
        Bind(inputs);
        try
        {
            _binding.SynchronizeBoundInputs();
            _session.RunWithBinding(_options, _binding);
            _binding.SynchronizeBoundOutputs();
        }
        catch (OnnxRuntimeException e)
        {
            throw _failed(e);
        }
    }

    public void Dispose()
    {
        _binding.Dispose();
        Release();
    }

    private void Release()
    {
        foreach (var value in _values.Values)
        {
            value.Dispose();
        }

        _values.Clear();
    }

    private void Bind(IReadOnlyDictionary<string, TensorValue> inputs)
    {
        foreach (var (name, input) in inputs)
        {
            var value = input.ToRuntime();
            try
            {
                _binding.BindInput(name, value);
            }
            catch (OnnxRuntimeException e)
            {
                value.Dispose();
                throw _failed(e);
            }

            if (_values.Remove(name, out var old))
            {
                old.Dispose();
            }

            _values[name] = value;
        }
    }
}
