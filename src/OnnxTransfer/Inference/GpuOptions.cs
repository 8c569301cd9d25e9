using System.Globalization;

namespace OnnxTransfer.Inference;

/// <summary>
/// Settings as the options of ONNX Runtime 1.29's GPU providers, all of them as data. Names and values after
/// https://onnxruntime.ai/docs/execution-providers (CUDA, TensorRT) and the parsers of that version.
/// </summary>
internal static class GpuOptions
{
    private const string TensorRTPrefix = "trt_";

    // Options that settings stand for, because more hangs on them than the provider: where memory lies, files, or the
    // identity of embeddings in the cache.
    private static readonly Dictionary<string, string> Settled = new(StringComparer.Ordinal)
    {
        ["device_id"] = "choose the GPU by Device (--device)",
        ["use_tf32"] = "set AllowTf32 (--tf32), which counts as another computation in the cache",
        ["enable_cuda_graph"] = "set CudaGraph (--cuda-graph), which also keeps the memory in place",
        ["gpu_mem_limit"] = "set MemoryLimit (--gpu-memory)",
        ["trt_max_workspace_size"] = "set MemoryLimit (--gpu-memory)",
        ["trt_fp16_enable"] = "ask for the precision fp16 (--precision fp16), which counts as another computation in the cache",
        ["trt_bf16_enable"] = "the cache knows no bfloat16; ask for the precision fp16 (--precision fp16)",
        ["trt_int8_enable"] = "the cache could not tell such embeddings from others; quantize the network instead",
        ["trt_cuda_graph_enable"] = "it needs memory in place, which only the provider cuda keeps (--provider cuda --cuda-graph)",
        ["trt_engine_cache_enable"] = "name the folder by EngineCache (--engine-cache)",
        ["trt_engine_cache_path"] = "name the folder by EngineCache (--engine-cache)",
        ["trt_timing_cache_enable"] = "name the folder by EngineCache (--engine-cache)",
        ["trt_timing_cache_path"] = "name the folder by EngineCache (--engine-cache)",
    };

    /// <summary>The options of CUDA, alone or behind TensorRT.</summary>
    public static Dictionary<string, string> Cuda(SessionSettings settings)
    {
        var gpu = settings.Gpu;
        var options = new Dictionary<string, string>
        {
            ["device_id"] = Number(settings.Device),
            // Grows by what is asked for, not to the next power of two: memory stays what one shape needs.
            ["arena_extend_strategy"] = "kSameAsRequested",
            ["cudnn_conv_algo_search"] = Search(settings),
            ["cudnn_conv_use_max_workspace"] = "1",
            // Copies and kernels of a run share its stream, as the order demands; runs overlap by having a stream each.
            ["do_copy_in_default_stream"] = "1",
            ["prefer_nhwc"] = Flag(gpu.PreferNhwc ?? settings.ComputesInHalf),
            // Forbidding TF32, the runtime forbids cuDNN tensor cores altogether, those for float16 too.
            ["use_tf32"] = Flag(settings.AllowTf32 || settings.ComputesInHalf),
            ["enable_cuda_graph"] = Flag(gpu.CudaGraph && settings.Provider != ExecutionProvider.TensorRT),
        };
        if (gpu.MemoryLimit > 0)
        {
            options["gpu_mem_limit"] = Number(gpu.MemoryLimit);
        }

        return With(options, settings, ofTensorRT: false);
    }

    /// <summary>The options of TensorRT; <paramref name="engines"/> is where this very model's engines are kept, if anywhere.</summary>
    public static Dictionary<string, string> TensorRT(SessionSettings settings, string? engines)
    {
        var options = new Dictionary<string, string>
        {
            ["device_id"] = Number(settings.Device),
            ["trt_fp16_enable"] = Flag(settings.ComputesInHalf),
        };
        if (settings.Gpu.MemoryLimit > 0)
        {
            options["trt_max_workspace_size"] = Number(settings.Gpu.MemoryLimit);
        }

        if (engines is not null)
        {
            options["trt_engine_cache_enable"] = "1";
            options["trt_engine_cache_path"] = engines;
            options["trt_timing_cache_enable"] = "1";
            options["trt_timing_cache_path"] = engines;
        }

        return With(options, settings, ofTensorRT: true);
    }

    /// <summary>Refuses options that have their own setting or that nothing would read.</summary>
    /// <exception cref="ProviderException">There is one.</exception>
    public static void Check(SessionSettings settings)
    {
        var provider = settings.Provider;
        foreach (var name in settings.Gpu.ProviderOptions.Keys)
        {
            if (provider == ExecutionProvider.Cpu)
            {
                throw new ProviderException($"provider cpu: takes no options, and '{name}' was given; leave it out, or ask for cuda or tensorrt");
            }

            if (Settled.TryGetValue(name, out var instead))
            {
                throw new ProviderException($"provider {provider.Name()}: the option '{name}' is not set by its name: {instead}");
            }

            if (provider != ExecutionProvider.TensorRT && name.StartsWith(TensorRTPrefix, StringComparison.Ordinal))
            {
                throw new ProviderException($"provider {provider.Name()}: '{name}' is an option of TensorRT; ask for the provider tensorrt");
            }
        }

        if (settings.Gpu.CudaGraph && (provider == ExecutionProvider.TensorRT || (provider == ExecutionProvider.Cuda && settings.BatchSizeOn(provider) == 0)))
        {
            throw new ProviderException($"provider {provider.Name()}: a CUDA graph was asked for; it needs the provider cuda and a fixed batch");
        }
    }

    private static Dictionary<string, string> With(Dictionary<string, string> options, SessionSettings settings, bool ofTensorRT)
    {
        foreach (var (name, value) in settings.Gpu.ProviderOptions)
        {
            if (name.StartsWith(TensorRTPrefix, StringComparison.Ordinal) == ofTensorRT)
            {
                options[name] = value;
            }
        }

        return options;
    }

    private static string Search(SessionSettings settings) => settings.Gpu.ConvolutionSearch switch
    {
        ConvolutionSearch.Heuristic => "HEURISTIC",
        ConvolutionSearch.Exhaustive => "EXHAUSTIVE",
        _ => settings.BatchSizeOn(ExecutionProvider.Cuda) > 0 ? "EXHAUSTIVE" : "HEURISTIC",
    };

    private static string Flag(bool value) => value ? "1" : "0";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
