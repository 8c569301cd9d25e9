using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace OnnxTransfer.MLNet;

/// <summary>What a context must be told once.</summary>
public static class MLContextExtensions
{
    private static readonly ConditionalWeakTable<ComponentCatalog, ModelLoading> Known = [];

    /// <summary>
    /// Enables <c>mlContext.Model.Load</c> to load models that contain transformers of this assembly; saving needs no such line.
    /// A saved EmbedImages opens its backbone when it is loaded: one whose file or description is another than it was fitted
    /// with is refused by an <see cref="OnnxTransferException"/>, which ML.NET wraps into its own.
    /// </summary>
    /// <param name="context">Called again, the new settings count.</param>
    /// <param name="settings">Where backbones and caches are, and what runs them; null: as they were when the model was saved.</param>
    /// <returns>The context.</returns>
    public static MLContext AddOnnxTransfer(this MLContext context, ModelLoading? settings = null)
    {
        lock (Known)
        {
            if (!Known.TryGetValue(context.ComponentCatalog, out _))
            {
                Register(context.ComponentCatalog, SavedEmbedImages.Loader, LoadEmbedImages);
                Register(context.ComponentCatalog, SavedHead.Loader, LoadHead);
            }

            Known.AddOrUpdate(context.ComponentCatalog, settings ?? new ModelLoading());
        }

        return context;
    }

    private static void Register(ComponentCatalog catalog, string loader, Func<IHostEnvironment, object, ITransformer> create) =>
        ModelStream.Register(catalog, loader, create.GetMethodInfo());

    private static ITransformer LoadEmbedImages(IHostEnvironment environment, object context) =>
        SavedEmbedImages.Read(context).Open(Known.TryGetValue(environment.ComponentCatalog, out var settings) ? settings : new ModelLoading());

    private static ITransformer LoadHead(IHostEnvironment environment, object context) => SavedHead.Read(context);
}
