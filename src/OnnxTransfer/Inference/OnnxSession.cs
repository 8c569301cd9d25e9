using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Inference;

/// <summary>
/// A model loaded into ONNX Runtime. Several threads may run it at once, each with its own buffers.
/// </summary>
public sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OnnxModel _model;
    private readonly RunOptions _runOptions = new();
    private readonly Lock _warming = new();
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private (long Free, long Total)? _memoryBefore;
    private bool _isWarm;

    private OnnxSession(OnnxModel model, SessionSettings settings, InferenceSession session, ExecutionProvider provider, string? note)
    {
        _model = model;
        var gpu = settings.Gpu with { ConvolutionSearch = settings.Gpu.ConvolutionSearch is ConvolutionSearch.Measured ? ConvolutionSearch.Auto : settings.Gpu.ConvolutionSearch };
        Settings = settings with { Provider = provider, Gpu = provider.IsGpu() ? gpu : new() };
        _session = session;
        BatchSize = settings.BatchSizeOn(provider);
        Provider = provider;
        ProviderNote = note;
        _inputNames = [.. model.Inputs.Select(i => i.Name)];
        _outputNames = [.. model.Outputs.Select(o => o.Name)];
    }

    /// <summary>Images per run; 0 where any number fits.</summary>
    public int BatchSize { get; }

    /// <summary>The provider really in use: CPU, CUDA or TensorRT.</summary>
    public ExecutionProvider Provider { get; }

    /// <summary>Why the CPU is in use where <see cref="ExecutionProvider.Auto"/> was asked for; null otherwise.</summary>
    public string? ProviderNote { get; }

    /// <summary>How it was opened: with the provider and the search for convolutions in use.</summary>
    internal SessionSettings Settings { get; }

    /// <summary>What was measured where the search for convolutions was chosen by measurement; null otherwise.</summary>
    internal string? SearchNote { get; private set; }

    /// <summary>What must be fed.</summary>
    public IReadOnlyList<TensorInfo> Inputs => _model.Inputs;

    /// <summary>What comes out.</summary>
    public IReadOnlyList<TensorInfo> Outputs => _model.Outputs;

    /// <summary>Loads a model; it may be dropped afterwards.</summary>
    /// <exception cref="InferenceException">ONNX Runtime refuses the model, it needs more memory than there is, or the native library is missing.</exception>
    /// <exception cref="OnnxException">Its weights lie in a file that was changed since, or exceed what can be handed over.</exception>
    /// <exception cref="ProviderException">The provider asked for does not work here.</exception>
    public static OnnxSession Open(OnnxModel model, SessionSettings? settings = null) => Open(model, null, settings);

    /// <summary>The same, with the bytes of the file that the model was read from, so that they need not be written again.</summary>
    internal static OnnxSession Open(OnnxModel model, byte[]? file, SessionSettings? settings)
    {
        settings ??= new SessionSettings();
        ArgumentOutOfRangeException.ThrowIfNegative(settings.BatchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(settings.CudaBatchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Threads);
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Device);
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Gpu.MemoryLimit);
        var session = OpenOnce(model, file, settings with { ComputesInHalf = HalfWeights.Only(model) });
        return settings.Gpu.ConvolutionSearch == ConvolutionSearch.Measured && session.Provider == ExecutionProvider.Cuda && session.BatchSize > 0
            ? session.OrFaster()
            : session;
    }

    /// <summary>Memory for one batch of <see cref="BatchSize"/>, bound to this session.</summary>
    /// <exception cref="InferenceException">The model has several inputs, or an output that is not float rows of a fixed width.</exception>
    public BatchBuffers CreateBuffers() => BatchSize > 0
        ? CreateBuffers(BatchSize)
        : throw new InvalidOperationException("the session was opened without a batch size; set SessionSettings.BatchSize");

    /// <summary>
    /// Memory for up to <paramref name="most"/> inputs a run. Where the session was opened without a batch size, a run
    /// computes as many as it is asked for; where it has one, that is what fits.
    /// </summary>
    /// <exception cref="InferenceException">As <see cref="CreateBuffers()"/>.</exception>
    internal BatchBuffers CreateBuffers(int most)
    {
        var input = _inputNames.Length == 1 ? _session.InputMetadata[_inputNames[0]] : null;
        var type = (ElementType)(int)(input?.ElementDataType ?? 0);
        long[] shape = [BatchSize > 0 ? BatchSize : most, .. (input?.Dimensions ?? []).Skip(1)];
        if (type is not (ElementType.UInt8 or ElementType.Float) || shape.Length < 2 || shape.Any(d => d <= 0))
        {
            throw new InferenceException($"{_model.Source}: its inputs are {string.Join(", ", Inputs)}; batches need one input, "
                + "uint8 or float, fixed in all but its first dimension: use Run with named tensors");
        }

        if (!Settings.Gpu.CudaGraph)
        {
            return CreateBuffers(type, shape);
        }

        lock (RecordedRun.Turn)
        {
            return CreateBuffers(type, shape);
        }
    }

    /// <summary>
    /// Runs the first <paramref name="count"/> inputs of <paramref name="buffers"/>; the rows of its outputs are the results.
    /// The whole batch is computed, the rest of it being whatever the buffers last held, unless the session was opened
    /// without a batch size.
    /// </summary>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    public void Run(BatchBuffers buffers, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, buffers.BatchSize);
        if (buffers.Owner != this)
        {
            throw new ArgumentException("the buffers belong to another session", nameof(buffers));
        }

        try
        {
            if (buffers.Recorded is { } recorded)
            {
                recorded.Run();
            }
            else if (!Provider.IsGpu())
            {
                _session.RunWithBinding(_runOptions, buffers.BindingFor(BatchSize > 0 ? BatchSize : count, _session));
            }
            else
            {
                // Not through an OrtIoBinding: on a GPU that copies its inputs when they are bound, not when they are run.
                // Here copies and kernels go to a stream that this run has for itself, so that one thread's batch is
                // copied while another's is computed.
                var (inputs, outputs) = buffers.ValuesFor(BatchSize);
                _session.Run(_runOptions, _inputNames, inputs, _outputNames, outputs);
            }
        }
        catch (OnnxRuntimeException e)
        {
            throw Failed(e);
        }

        buffers.Count = count;
    }

    /// <summary>
    /// Memory for all inputs and outputs, bound once; of the inputs in <paramref name="carried"/> each is what the output named
    /// with it was in the run before. On CUDA the carried ones lie on the GPU.
    /// </summary>
    /// <exception cref="InferenceException">A dimension is not fixed, or a type is none that can be bound.</exception>
    internal StepBuffers CreateStepBuffers(IReadOnlyDictionary<string, string> carried)
    {
        using var device = Provider.IsGpu() ? DeviceMemory() : null;
        return CreateStepBuffers(carried, device);
    }

    /// <summary>The same with carried tensors in memory of the runtime's own, such as a device's; null: the host's.</summary>
    internal StepBuffers CreateStepBuffers(IReadOnlyDictionary<string, string> carried, OrtMemoryInfo? device) =>
        CreateStepBuffers(carried, new CarriedTensors(_session, device, Settings), ownsMemory: true);

    /// <summary>The same on the carried tensors of another session's buffers, which must outlive these.</summary>
    internal StepBuffers CreateStepBuffers(IReadOnlyDictionary<string, string> carried, StepBuffers sharing) =>
        CreateStepBuffers(carried, sharing.Memory, ownsMemory: false);

    /// <summary>Runs a step: what it writes to carried tensors is what the next one reads.</summary>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    internal void Run(StepBuffers buffers)
    {
        if (buffers.Owner != this)
        {
            throw new ArgumentException("the buffers belong to another session", nameof(buffers));
        }

        try
        {
            _session.Run(_runOptions, _session.InputNames, buffers.InputValues, _session.OutputNames, buffers.OutputValues);
        }
        catch (OnnxRuntimeException e)
        {
            throw Failed(e);
        }

        buffers.Swap();
    }

    /// <summary>Runs named tensors of any batch size; of the outputs, those named, or all.</summary>
    /// <exception cref="InferenceException">An input is missing, unknown or of the wrong shape, or ONNX Runtime failed.</exception>
    public IReadOnlyDictionary<string, TensorValue> Run(IReadOnlyDictionary<string, TensorValue> inputs, IReadOnlyList<string>? outputs = null)
    {
        var wanted = outputs?.ToArray() ?? _outputNames;
        NamedTensors.Check(_model, inputs, wanted);
        var values = new List<OrtValue>();
        try
        {
            values.AddRange(_inputNames.Select(name => inputs[name].ToRuntime()));
            using var results = _session.Run(_runOptions, _inputNames, values, wanted);
            return wanted.Select((name, i) => (name, value: TensorValue.FromRuntime(name, results[i]))).ToDictionary(r => r.name, r => r.value);
        }
        catch (OnnxRuntimeException e)
        {
            throw Failed(e);
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }
    }

    /// <summary>Keeps <paramref name="resident"/> inputs where this session computes, for many runs into the same output tensors.</summary>
    /// <exception cref="InferenceException">An input cannot be bound, for example because a GPU's memory is full.</exception>
    internal BoundRun Bind(IReadOnlyDictionary<string, TensorValue> resident, IReadOnlyDictionary<string, TensorValue> outputs) =>
        new(_session, _runOptions, Provider.IsGpu(), resident, outputs, Failed);

    /// <summary>Unloads the model; nothing of it may be running.</summary>
    public void Dispose()
    {
        _runOptions.Dispose();
        _session.Dispose();
    }

    /// <summary>Whether every output is float rows of a width that the runtime could infer.</summary>
    internal bool GivesRows => Array.TrueForAll(_outputNames, name => Rows(name) is not null);

    /// <summary>The width of the rows of an output, as the runtime inferred it.</summary>
    internal int OutputWidth(string name)
    {
        var output = _session.OutputMetadata[name];
        return Rows(name) ?? throw new InferenceException($"{_model.Source}: output '{name}' is {output.ElementDataType} of shape [{string.Join(", ", output.Dimensions)}]; "
            + "batches need float rows of a fixed width: pool it with Pooling.Attach");
    }

    private int? Rows(string output) => _session.OutputMetadata[output] is
        { ElementDataType: Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, Dimensions: [_, > 0 and var width] } ? width : null;

    private static OnnxSession OpenOnce(OnnxModel model, byte[]? file, SessionSettings settings)
    {
        var linked = file is not null && model.ContentHash is null ? new LinkedBytes(file, null) : LinkedBytes.Of(model);
        var mayUseGpu = settings.Provider != ExecutionProvider.Cpu && ProviderChoice.NotCompiledIn(ExecutionProvider.Cuda, RuntimeStart.CompiledProviders) is null;
        var cuda = mayUseGpu && CudaApi.TryLoad(out var api) ? api : null;
        var memory = cuda?.Memory(settings.Device);
        var engines = settings is { Provider: ExecutionProvider.TensorRT, Gpu.EngineCache: { } root }
            ? EngineFolder.Of(root, linked.Bytes, model.ContentHash, settings, cuda?.DeviceName(settings.Device), RuntimeStart.Version)
            : null;
        var (session, used, note) = ProviderChoice.Open(
            settings,
            model.Source,
            (options, provider) =>
            {
                MemoryNeed.Check(model, Math.Max(1, settings.BatchSizeOn(provider)), provider);
                if (settings.BatchSizeOn(provider) is > 0 and var batch)
                {
                    FixBatch(options, model, batch);
                }

                if (linked.Folder is { } folder)
                {
                    options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", folder);
                }

                if (engines is not null)
                {
                    Directory.CreateDirectory(engines);
                }

                return new InferenceSession(linked.Bytes, options);
            },
            engines);
        return new(model, settings, session, used, note) { _memoryBefore = memory };
    }

    /// <summary>This session or, where it is faster, one that chooses its convolutions by the quick heuristic.</summary>
    private OnnxSession OrFaster()
    {
        var quick = Settings with { Gpu = Settings.Gpu with { ConvolutionSearch = ConvolutionSearch.Heuristic } };
        var (kept, note) = SearchTrial.Fastest<OnnxSession>([("exhaustive", () => this), ("heuristic", () => OpenOnce(_model, null, quick))], SearchTrial.SecondsOfBatch);
        kept.SearchNote = note;
        return kept;
    }

    /// <summary>
    /// Sees to what a GPU needs before a batch is worth timing: memory bound for a CUDA graph, and one run, in which cuDNN
    /// chooses its algorithms and the arena grows to its size.
    /// </summary>
    private BatchBuffers Prepared(BatchBuffers buffers)
    {
        if (!Provider.IsGpu())
        {
            return buffers;
        }

        if (Settings.Gpu.CudaGraph)
        {
            using var device = DeviceMemory();
            buffers.Recorded = new(_session, device, Settings, buffers);
        }

        lock (_warming)
        {
            if (!_isWarm)
            {
                Run(buffers, buffers.BatchSize);
                (_isWarm, buffers.Count) = (true, 0);
            }
        }

        return buffers;
    }

    private BatchBuffers CreateBuffers(ElementType type, long[] shape)
    {
        var buffers = new BatchBuffers(this, type, shape, [.. _outputNames.Select(OutputWidth)], Provider.IsGpu() ? Settings.Device : null);
        try
        {
            return Prepared(buffers);
        }
        catch (OnnxRuntimeException e)
        {
            buffers.Dispose();
            throw Failed(e);
        }
        catch
        {
            buffers.Dispose();
            throw;
        }
    }

    private StepBuffers CreateStepBuffers(IReadOnlyDictionary<string, string> carried, CarriedTensors memory, bool ownsMemory)
    {
        try
        {
            return new(this, _session, carried, memory, ownsMemory);
        }
        catch (Exception e)
        {
            if (ownsMemory)
            {
                memory.Dispose();
            }

            if (e is OnnxRuntimeException fault)
            {
                throw Failed(fault);
            }

            throw;
        }
    }

    private OrtMemoryInfo DeviceMemory() => new("Cuda", OrtAllocatorType.DeviceAllocator, Settings.Device, OrtMemType.Default);

    /// <summary>Fixes the inputs' first dimension, by its name, so that the runtime plans for one shape.</summary>
    private static void FixBatch(SessionOptions options, OnnxModel model, int batch)
    {
        foreach (var input in model.Inputs)
        {
            if (input.Dimensions is not [var first, ..] || (first < 0 ? input.Symbols[0].Length == 0 : first != batch))
            {
                throw new InferenceException($"{model.Source}: its input is {input}, and batches of {batch} were asked for; "
                    + "expected a named first dimension: make it so with BatchDimension.Free, or export the model with a dynamic batch");
            }
        }

        foreach (var symbol in model.Inputs.Select(i => i.Symbols[0]).Where(s => s.Length > 0).Distinct())
        {
            options.AddFreeDimensionOverrideByName(symbol, batch);
        }
    }

    private InferenceException Failed(OnnxRuntimeException e) => RunFailure.Of(_model, Provider, Settings, _memoryBefore, e);
}
