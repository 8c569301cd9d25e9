using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Inference;

/// <summary>Whether a provider works here, found out by running a graph of one node on it.</summary>
/// <param name="Provider">CPU, CUDA or TensorRT.</param>
/// <param name="Works">True when the graph ran.</param>
/// <param name="Detail">"works", or the whole message of why not.</param>
/// <param name="MissingLibraries">Shared libraries that could not be loaded, where that is the reason.</param>
public sealed record ProviderCheck(ExecutionProvider Provider, bool Works, string Detail, IReadOnlyList<string> MissingLibraries)
{
    /// <summary>ONNX Runtime's version.</summary>
    /// <exception cref="InferenceException">Its native library cannot be loaded.</exception>
    public static string RuntimeVersion => RuntimeStart.Version;

    /// <summary>The providers compiled into the native library, by ONNX Runtime's names.</summary>
    /// <exception cref="InferenceException">Its native library cannot be loaded.</exception>
    public static IReadOnlyList<string> CompiledProviders => RuntimeStart.CompiledProviders;

    /// <summary>Tries one provider.</summary>
    public static ProviderCheck Of(ExecutionProvider provider)
    {
        var builder = GraphBuilder.Empty(name: "provider check");
        builder.Input("x", ElementType.Float, -1, 1);
        builder.NodeInto("y", "Relu", ["x"]);
        builder.Output("y", ElementType.Float, -1, 1);
        try
        {
            using var session = OnnxSession.Open(builder.Build(), new SessionSettings { Provider = provider, Threads = 1 });
            session.Run(new Dictionary<string, TensorValue> { ["x"] = TensorValue.Of([1f], 1, 1) });
            return new(session.Provider, true, "works", []);
        }
        catch (InferenceException e)
        {
            var compiledIn = e is ProviderException { InnerException: not null };
            return new(provider, false, e.Message, compiledIn ? CudaLibraries.Missing(provider) : []);
        }
    }
}
