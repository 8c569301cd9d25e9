using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Inference;

/// <summary>What the runtime says of GPUs, in the words of ONNX Runtime 1.29, and what is made of it.</summary>
public class GpuFailureTests
{
    private const string LostWords = "[ErrorCode:Fail] Non-zero status code returned while running Conv node. Name:'/conv1/Conv' Status Message: CUDA failure 719: "
        + "unspecified launch failure ; GPU=1 ; hostname=node7 ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc ; line=148 ; expr=cudaStreamSynchronize(stream); \n";

    private const string ArenaWords = "[ErrorCode:Fail] Non-zero status code returned while running Relu node. Name:'r' Status Message: /onnxruntime_src/onnxruntime/core/framework/"
        + "bfc_arena.cc:376 void* onnxruntime::BFCArena::AllocateRawInternal(size_t) Failed to allocate memory for requested buffer of size 411041792\n";

    private static readonly SessionSettings Cuda = new() { Provider = ExecutionProvider.Cuda, Device = 1, CudaBatchSize = 512 };

    // float [N, 1000000]: 4 MB in and 4 MB out.
    private static readonly OnnxModel Net = Graphs.Relu(1_000_000);

    [Fact]
    public void A_gpu_that_disappears_is_named_and_what_was_done_stays()
    {
        var error = RunFailure.Of(Net, ExecutionProvider.Cuda, Cuda, null, new InvalidOperationException(LostWords));

        Assert.IsType<DeviceLostException>(error);
        Assert.Equal(
            $"{Net.Source}: GPU 1 was lost in a run on cuda (CUDA failure 719: unspecified launch failure); batches that were finished are right, and embeddings in the cache stay; "
            + "look at nvidia-smi and the system's log (dmesg, lines with Xid), then run again: only what is missing is computed",
            error.Message);
    }

    [Theory]
    [InlineData(46, true)]
    [InlineData(100, true)]
    [InlineData(719, true)]
    [InlineData(999, true)]
    [InlineData(2, false)]
    [InlineData(1, false)]
    public void Errors_after_which_a_process_has_no_gpu_are_known(int number, bool lost) => Assert.Equal(lost, GpuFault.IsLost($"CUDA failure {number}: words ; GPU=0"));

    [Theory]
    [InlineData("CUDA failure 2: out of memory ; GPU=0 ; hostname=a", true)]
    [InlineData(ArenaWords, true)]
    [InlineData("Available memory of 1000 is smaller than requested bytes of 2000", true)]
    [InlineData("CUDNN failure 2003: CUDNN_STATUS_ALLOC_FAILED", true)]
    [InlineData(LostWords, false)]
    public void Too_little_memory_is_known_by_every_librarys_words(string words, bool outOfMemory) => Assert.Equal(outOfMemory, GpuFault.IsOutOfMemory(words));

    [Fact]
    public void Too_large_a_batch_is_told_what_would_fit()
    {
        var error = RunFailure.Of(Net, ExecutionProvider.Cuda, Cuda, (Free: 2_000_000_000, Total: 16_000_000_000), new InvalidOperationException(ArenaWords));

        // 0.8 x 2 GB for two batches of 8 MB an image: 100, and 96 is the next multiple of 8.
        Assert.StartsWith($"{Net.Source}: the memory of GPU 1 is too small for batches of 512 (", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("); 2.0 of 16.0 GB were free: about 96 images fit, so ask for batches of 96 or fewer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_counts_where_it_is_below_what_is_free()
    {
        var limited = Cuda with { Gpu = new() { MemoryLimit = 200_000_000 } };

        var error = RunFailure.Of(Net, ExecutionProvider.Cuda, limited, (Free: 2_000_000_000, Total: 16_000_000_000), new InvalidOperationException("CUDA failure 2: out of memory ; GPU=1"));

        Assert.Equal(
            $"{Net.Source}: the memory of GPU 1 is too small for batches of 512 (CUDA failure 2: out of memory); 0.2 GB were allowed: about 8 images fit, so ask for batches of 8 or fewer",
            error.Message);
    }

    [Fact]
    public void Where_the_gpu_does_not_say_what_is_free_nothing_is_guessed()
    {
        var error = RunFailure.Of(Net, ExecutionProvider.Cuda, Cuda, null, new InvalidOperationException("CUDA failure 2: out of memory ; GPU=1"));

        Assert.Equal($"{Net.Source}: the memory of GPU 1 is too small for batches of 512 (CUDA failure 2: out of memory); ask for a smaller batch, or end what else uses the GPU", error.Message);
    }

    [Fact]
    public void On_the_cpu_the_runtimes_words_stand() => Assert.Equal(
        $"{Net.Source}: ONNX Runtime failed on cpu: CUDA failure 719",
        RunFailure.Of(Net, ExecutionProvider.Cpu, Cuda, null, new InvalidOperationException("CUDA failure 719")).Message);

    [Fact]
    public void An_unknown_option_is_named_with_the_version_and_the_list()
    {
        const string Words = "[ErrorCode:Fail] /onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider_info.cc:62 ... FAIL : provider_options_utils.h:182 Parse Unknown provider option: \"colour\".\n";

        Assert.Equal(
            $"provider cuda: ONNX Runtime {ProviderCheck.RuntimeVersion} knows no option 'colour'; expected one of device_id, prefer_nhwc, "
            + "or another of https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html",
            OptionRefusal.Of(ExecutionProvider.Cuda, new Dictionary<string, string> { ["colour"] = "1" }, "prefer_nhwc=0;device_id=0", Words));
    }

    [Fact]
    public void A_value_that_is_not_taken_is_named()
    {
        const string Words = "provider_options_utils.h:187 Parse Failed to parse provider option \"prefer_nhwc\": parse_string.h:116 ParseStringWithClassicLocale Failed to parse value: \"0\"";

        Assert.Equal(
            "provider tensorrt: the option 'prefer_nhwc' does not take 'maybe'; its values stand in https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html",
            OptionRefusal.Of(ExecutionProvider.TensorRT, new Dictionary<string, string> { ["prefer_nhwc"] = "maybe" }, null, Words));
    }

    [Theory]
    [InlineData(
        "Failed to parse provider option \"device_id\": cuda_execution_provider_info.cc:70 operator() Invalid device ID: 7, must be between 0 (inclusive) and 2 (exclusive).",
        "provider cuda: there is no GPU 7; expected a number from 0 to 1 (CUDA_VISIBLE_DEVICES may hide others)")]
    [InlineData("Failed to parse provider option \"device_id\": CUDA failure 100: no CUDA-capable device is detected ; GPU=0", null)]
    [InlineData("Failed to load shared library", null)]
    public void A_gpu_that_is_not_there_is_told_from_none_at_all(string words, string? message) =>
        Assert.Equal(message, OptionRefusal.Of(ExecutionProvider.Cuda, new Dictionary<string, string> { ["device_id"] = "7" }, null, words));
}
