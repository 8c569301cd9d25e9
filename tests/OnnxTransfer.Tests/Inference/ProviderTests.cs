using OnnxTransfer.Inference;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Inference;

public class ProviderTests
{
    private static readonly string[] CpuFlavour = ["CPUExecutionProvider"];

    [Fact]
    public void Cpu_works()
    {
        var check = ProviderCheck.Of(ExecutionProvider.Cpu);

        Assert.Equal((ExecutionProvider.Cpu, true, "works"), (check.Provider, check.Works, check.Detail));
        Assert.StartsWith("1.", ProviderCheck.RuntimeVersion);
        Assert.Contains("CPUExecutionProvider", ProviderCheck.CompiledProviders);
    }

    [Fact]
    public void Cuda_that_is_not_compiled_in_is_named_with_the_cure() => Assert.Equal(
        "provider cuda: this build carries ONNX Runtime's CPU flavour (its providers: CPUExecutionProvider); build with -p:OnnxRuntimeFlavor=gpu",
        ProviderChoice.NotCompiledIn(ExecutionProvider.Cuda, CpuFlavour));

    [Fact]
    public void TensorRT_that_is_not_compiled_in_is_named_with_the_cure() => Assert.Equal(
        "provider tensorrt: this build carries ONNX Runtime's CPU flavour (its providers: CPUExecutionProvider); build with -p:OnnxRuntimeFlavor=gpu",
        ProviderChoice.NotCompiledIn(ExecutionProvider.TensorRT, CpuFlavour));

    [Fact]
    public void Cuda_that_is_compiled_in_is_no_error() =>
        Assert.Null(ProviderChoice.NotCompiledIn(ExecutionProvider.Cuda, ["CUDAExecutionProvider", "CPUExecutionProvider"]));

    [SkippableTheory]
    [InlineData(ExecutionProvider.Cuda, "provider cuda: ")]
    [InlineData(ExecutionProvider.TensorRT, "provider tensorrt: ")]
    public void A_gpu_asked_for_and_not_working_is_an_error_and_the_cpu_still_works(ExecutionProvider provider, string start)
    {
        var check = ProviderCheck.Of(provider);
        Skip.If(check.Works, $"{provider} works here");

        var error = Assert.Throws<ProviderException>(() => OnnxSession.Open(Graphs.Relu(2), new() { Provider = provider }));
        using var cpu = OnnxSession.Open(Graphs.Relu(2), new() { Provider = ExecutionProvider.Cpu });

        Assert.StartsWith(start, error.Message);
        Assert.Equal(error.Message, check.Detail);
        Assert.Equal(ExecutionProvider.Cpu, cpu.Provider);
    }

    [SkippableFact]
    public void Auto_takes_the_cpu_and_says_why()
    {
        Skip.If(ProviderCheck.Of(ExecutionProvider.Cuda).Works, "CUDA works here");

        using var session = OnnxSession.Open(Graphs.Relu(2));

        Assert.Equal(ExecutionProvider.Cpu, session.Provider);
        var cpuFlavour = !ProviderCheck.CompiledProviders.Contains("CUDAExecutionProvider");
        Assert.StartsWith(cpuFlavour ? "this build carries ONNX Runtime's CPU flavour" : "CPU in use: provider cuda: ", session.ProviderNote);
    }

    [SkippableFact]
    public void Cuda_gives_the_numbers_of_the_cpu()
    {
        Skip.IfNot(ProviderCheck.Of(ExecutionProvider.Cuda).Works, "no working CUDA here: " + ProviderCheck.Of(ExecutionProvider.Cuda).Detail);
        using var session = OnnxSession.Open(Graphs.Relu(2), new() { Provider = ExecutionProvider.Cuda, BatchSize = 2 });
        using var buffers = session.CreateBuffers();
        for (var i = 1; i <= 3; i++)
        {
            // The input is read anew in every run.
            buffers.Floats.Fill(i);
            session.Run(buffers, 2);
            Assert.Equal([i, i, i, i], buffers.Output(0).ToArray());
        }

        Assert.Equal(ExecutionProvider.Cuda, session.Provider);
    }

    [Fact]
    public void Missing_libraries_are_found_by_trying_each()
    {
        var needed = CudaLibraries.Needed(ExecutionProvider.Cuda);
        var present = needed.Take(3).ToHashSet();

        Assert.Equal(needed.Skip(3), CudaLibraries.Missing(ExecutionProvider.Cuda, present.Contains));
        Assert.Empty(CudaLibraries.Missing(ExecutionProvider.TensorRT, _ => true));
        Assert.Equal(2, CudaLibraries.Missing(ExecutionProvider.TensorRT, needed.Contains).Count);
    }

    [SkippableFact]
    public void The_message_names_missing_libraries_and_the_cure()
    {
        Skip.If(OperatingSystem.IsWindows(), "Linux names");

        Assert.Equal(
            "provider cuda: cannot load libcuda.so.1, libcudnn.so.9; libcuda.so.1 comes with NVIDIA's driver (in a container: start it with the GPU, "
            + "such as --gpus all); libcudnn.so.9: install CUDA 13 and cuDNN 9, or put the folders that hold them on LD_LIBRARY_PATH",
            ProviderChoice.NotStarted(ExecutionProvider.Cuda, "whatever", ["libcuda.so.1", "libcudnn.so.9"]));
        Assert.Equal(
            "provider cuda: all its libraries load, yet ONNX Runtime could not start it (no device); "
            + "check with nvidia-smi that a GPU is there and free, and that its driver supports CUDA 13",
            ProviderChoice.NotStarted(ExecutionProvider.Cuda, "no device\n", []));
        Assert.Equal(
            "provider tensorrt: cannot load libnvinfer.so.10; libnvinfer.so.10: install TensorRT 10 for CUDA 13, or put the folder that holds it on LD_LIBRARY_PATH",
            ProviderChoice.NotStarted(ExecutionProvider.TensorRT, "whatever", ["libnvinfer.so.10"]));
    }

    [Theory]
    [InlineData("CUDA failure 100: no CUDA-capable device is detected", true)]
    [InlineData("CUDNN failure 1001: CUDNN_STATUS_NOT_INITIALIZED", true)]
    [InlineData("Failed to allocate memory for requested buffer of size 411041792", true)]
    [InlineData("NoSuchOperator(-1) is not a registered function/op", false)]
    public void A_faulty_model_is_not_blamed_on_the_gpu(string message, bool blamed) => Assert.Equal(blamed, ProviderChoice.BlamesGpu(message));
}
