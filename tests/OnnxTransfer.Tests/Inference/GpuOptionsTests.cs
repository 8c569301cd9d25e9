using OnnxTransfer.Inference;

namespace OnnxTransfer.Tests.Inference;

public class GpuOptionsTests
{
    private static readonly SessionSettings Cuda = new() { Provider = ExecutionProvider.Cuda, BatchSize = 8, CudaBatchSize = 64 };
    private static readonly SessionSettings TensorRT = Cuda with { Provider = ExecutionProvider.TensorRT };

    [Fact]
    public void Float32_with_a_fixed_batch() => Assert.Equal(
        new Dictionary<string, string>
        {
            ["device_id"] = "0",
            ["arena_extend_strategy"] = "kSameAsRequested",
            ["cudnn_conv_algo_search"] = "EXHAUSTIVE",
            ["cudnn_conv_use_max_workspace"] = "1",
            ["do_copy_in_default_stream"] = "1",
            ["prefer_nhwc"] = "0",
            ["use_tf32"] = "0",
            ["enable_cuda_graph"] = "0",
        },
        GpuOptions.Cuda(Cuda));

    [Fact]
    public void Everything_asked_for() => Assert.Equal(
        new Dictionary<string, string>
        {
            ["device_id"] = "3",
            ["arena_extend_strategy"] = "kNextPowerOfTwo",
            ["cudnn_conv_algo_search"] = "HEURISTIC",
            ["cudnn_conv_use_max_workspace"] = "1",
            ["do_copy_in_default_stream"] = "1",
            ["prefer_nhwc"] = "1",
            ["use_tf32"] = "1",
            ["enable_cuda_graph"] = "1",
            ["gpu_mem_limit"] = "8000000000",
            ["fuse_conv_bias"] = "1",
        },
        GpuOptions.Cuda(Cuda with
        {
            Device = 3,
            AllowTf32 = true,
            Gpu = new()
            {
                MemoryLimit = 8_000_000_000,
                ConvolutionSearch = ConvolutionSearch.Heuristic,
                PreferNhwc = true,
                CudaGraph = true,
                ProviderOptions = new Dictionary<string, string> { ["fuse_conv_bias"] = "1", ["arena_extend_strategy"] = "kNextPowerOfTwo" },
            },
        }));

    [Theory]
    [InlineData(true, null, "1", "1")]
    [InlineData(true, false, "0", "1")]
    [InlineData(false, true, "1", "0")]
    [InlineData(false, null, "0", "0")]
    public void Half_precision_gets_tensor_cores_and_their_layout(bool half, bool? nhwc, string layout, string tensorCores)
    {
        var options = GpuOptions.Cuda(Cuda with { ComputesInHalf = half, Gpu = new() { PreferNhwc = nhwc } });

        Assert.Equal((layout, tensorCores), (options["prefer_nhwc"], options["use_tf32"]));
    }

    [Theory]
    [InlineData(0, ConvolutionSearch.Auto, "HEURISTIC")]
    [InlineData(0, ConvolutionSearch.Exhaustive, "EXHAUSTIVE")]
    [InlineData(8, ConvolutionSearch.Measured, "EXHAUSTIVE")]
    [InlineData(8, ConvolutionSearch.Heuristic, "HEURISTIC")]
    public void Many_shapes_are_not_searched_long(int batch, ConvolutionSearch search, string value) => Assert.Equal(
        value, GpuOptions.Cuda(new() { Provider = ExecutionProvider.Cuda, BatchSize = batch, Gpu = new() { ConvolutionSearch = search } })["cudnn_conv_algo_search"]);

    [Fact]
    public void TensorRT_writes_nowhere_unless_a_folder_is_named()
    {
        Assert.Equal(new Dictionary<string, string> { ["device_id"] = "0", ["trt_fp16_enable"] = "0" }, GpuOptions.TensorRT(TensorRT, engines: null));
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["device_id"] = "1",
                ["trt_fp16_enable"] = "1",
                ["trt_max_workspace_size"] = "4000",
                ["trt_engine_cache_enable"] = "1",
                ["trt_engine_cache_path"] = "/engines/a",
                ["trt_timing_cache_enable"] = "1",
                ["trt_timing_cache_path"] = "/engines/a",
                ["trt_builder_optimization_level"] = "5",
            },
            GpuOptions.TensorRT(
                TensorRT with
                {
                    Device = 1,
                    ComputesInHalf = true,
                    Gpu = new()
                    {
                        MemoryLimit = 4000,
                        ProviderOptions = new Dictionary<string, string> { ["trt_builder_optimization_level"] = "5", ["fuse_conv_bias"] = "1" },
                    },
                },
                "/engines/a"));
    }

    [Fact]
    public void Cuda_behind_TensorRT_gets_its_own_options_and_no_graph()
    {
        var options = GpuOptions.Cuda(TensorRT with { Gpu = new() { CudaGraph = true, ProviderOptions = new Dictionary<string, string> { ["trt_dla_core"] = "0", ["fuse_conv_bias"] = "1" } } });

        Assert.Equal("1", options["fuse_conv_bias"]);
        Assert.False(options.ContainsKey("trt_dla_core"));
        Assert.Equal("0", options["enable_cuda_graph"]);
    }

    [Theory]
    [InlineData(ExecutionProvider.Cuda, "device_id", "provider cuda: the option 'device_id' is not set by its name: choose the GPU by Device (--device)")]
    [InlineData(ExecutionProvider.Cuda, "use_tf32", "provider cuda: the option 'use_tf32' is not set by its name: set AllowTf32 (--tf32), which counts as another computation in the cache")]
    [InlineData(ExecutionProvider.Cuda, "trt_sparsity_enable", "provider cuda: 'trt_sparsity_enable' is an option of TensorRT; ask for the provider tensorrt")]
    [InlineData(ExecutionProvider.TensorRT, "trt_int8_enable", "provider tensorrt: the option 'trt_int8_enable' is not set by its name: the cache could not tell such embeddings from others; quantize the network instead")]
    [InlineData(ExecutionProvider.Cpu, "prefer_nhwc", "provider cpu: takes no options, and 'prefer_nhwc' was given; leave it out, or ask for cuda or tensorrt")]
    public void What_has_a_setting_or_no_reader_is_refused(ExecutionProvider provider, string name, string message) => Assert.Equal(
        message,
        Assert.Throws<ProviderException>(() => GpuOptions.Check(Cuda with { Provider = provider, Gpu = new() { ProviderOptions = new Dictionary<string, string> { [name] = "1" } } })).Message);

    [Theory]
    [InlineData(ExecutionProvider.Cuda, 0, "provider cuda: a CUDA graph was asked for; it needs the provider cuda and a fixed batch")]
    [InlineData(ExecutionProvider.TensorRT, 8, "provider tensorrt: a CUDA graph was asked for; it needs the provider cuda and a fixed batch")]
    public void A_graph_needs_one_shape_on_cuda(ExecutionProvider provider, int batch, string message) => Assert.Equal(
        message, Assert.Throws<ProviderException>(() => GpuOptions.Check(new() { Provider = provider, BatchSize = batch, Gpu = new() { CudaGraph = true } })).Message);
}
